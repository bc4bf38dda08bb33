"""The generators of a service, found by id, by name, by topic or table, and by stream.

A lookup costs the same however many generators there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, TypeVar

from eventer.core.model import GeneratorSpec, Target
from eventer.registry.base import stream_key, target_location
from eventer.runs.pacing import peak_rate
from eventer.service.event_references import referenced_by_name
from eventer.service.generator import Generator
from eventer.service.limit_faults import Usage

_ById: TypeAlias = dict[int, Generator]
_Key = TypeVar("_Key")


class GeneratorIndex(Mapping[int, Generator]):
    """Generators by id, oldest first."""

    def __init__(self) -> None:
        self._by_id: _ById = {}
        self._by_name: dict[str, Generator] = {}
        self._by_location: dict[str, _ById] = {}
        self._by_stream: dict[tuple[str, str], _ById] = {}
        self._readers: dict[int, _ById] = {}
        self._rates: dict[int, float] = {}

    def __getitem__(self, id_: int) -> Generator:
        return self._by_id[id_]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, generator: Generator) -> None:
        """Adds a generator as the newest."""
        id_, spec = generator.record.id, generator.record.spec
        self._by_id[id_] = generator
        self._by_name[generator.record.name] = generator
        self._by_location.setdefault(target_location(spec.target), {})[id_] = generator
        self._by_stream.setdefault(_stream(spec), {})[id_] = generator
        for referenced in set(referenced_by_name(spec).values()):
            self._readers.setdefault(referenced, {})[id_] = generator
        self.update_rate(generator)

    def remove(self, generator: Generator) -> None:
        """Removes a generator."""
        id_, spec = generator.record.id, generator.record.spec
        del self._by_id[id_]
        del self._by_name[generator.record.name]
        del self._rates[id_]
        _remove(self._by_location, target_location(spec.target), id_)
        _remove(self._by_stream, _stream(spec), id_)
        for referenced in set(referenced_by_name(spec).values()):
            _remove(self._readers, referenced, id_)

    def rename(self, generator: Generator, name: str, at: int) -> None:
        """Changes the name of a generator as the registry was changed."""
        del self._by_name[generator.record.name]
        generator.update_record(name=name, updated_at=at)
        self._by_name[name] = generator

    def find(self, reference: int | str) -> Generator | None:
        """The generator with this id or name."""
        if isinstance(reference, str):
            return self._by_name.get(reference)
        return self._by_id.get(reference)

    @property
    def by_name(self) -> Mapping[str, Generator]:
        """All generators by name."""
        return self._by_name

    def update_rate(self, generator: Generator) -> None:
        """Notes the rate of a generator after its pace was changed."""
        self._rates[generator.record.id] = peak_rate(generator.record.pace)

    @property
    def usage(self) -> Usage:
        """What the generators use of the limits."""
        return Usage(self._rates, self._by_location.keys())

    def at(self, target: Target) -> tuple[Generator, ...]:
        """The generators of a target's topic or table, oldest first."""
        return tuple(self._by_location.get(target_location(target), {}).values())

    def readers_of(self, id_: int) -> Mapping[int, Generator]:
        """The generators that refer to events of one, by id."""
        return self._readers.get(id_, {})

    def refers(self, id_: int) -> bool:
        """Whether a generator refers to others."""
        return bool(referenced_by_name(self._by_id[id_].record.spec))

    def related(self, spec: GeneratorSpec) -> tuple[int, ...]:
        """Ids of the generators of this stream with the same topic or table, oldest first."""
        return tuple(self._by_stream.get(_stream(spec), ()))


def _stream(spec: GeneratorSpec) -> tuple[str, str]:
    return stream_key(spec.stream.name, spec.digest), target_location(spec.target)


def _remove(groups: dict[_Key, _ById], key: _Key, id_: int) -> None:
    del groups[key][id_]
    if not groups[key]:
        del groups[key]

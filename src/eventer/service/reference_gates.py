"""Generators that refer to events of others: their bindings, and the gates before their events.

A generator generates an event only when all events that it may refer to are committed. Events that
are due at its gate or later wait, because they may refer to events that are not committed. A commit
of the other generator moves the gate. A binding says which events of the other generator exist; it
changes with that generator's pace, state and incarnation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from eventer.core.bindings import Binding, latest_bindings
from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import GeneratorState
from eventer.registry.base import BeginBindings
from eventer.runs.pacing import END
from eventer.runs.populations import NOTHING, BoundEvents
from eventer.service.event_references import referenced_by_name
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.reference_histories import Histories, all_bindings, histories
from eventer.workers.worker_pool import WorkerPool

STALL_NS: Final = 30 * NS_PER_SECOND
"""After this time without a commit of a generator, others do not wait for its next events."""


@dataclass(frozen=True, slots=True)
class _BoundReference:
    """A reference of a generator to another, and the bindings of the other that it knows.

    `histories` are the bindings of the other, and of those to which that refers.
    """

    binding: Binding
    events: BoundEvents
    histories: Histories


class _OpenReader:
    """A generator that generates events, what it reads, and its gate."""

    def __init__(self, generator: Generator, references: Iterable[_BoundReference]) -> None:
        self.generator = generator
        self.references = tuple(references)
        self.gate = NOTHING


class ReferenceGates:
    """The gates of running generators that refer to others."""

    def __init__(self, generators: GeneratorIndex, worker_pool: WorkerPool) -> None:
        self._generators = generators
        self._worker_pool = worker_pool
        self._open: dict[int, _OpenReader] = {}
        self._blocking: dict[int, tuple[int, int]] = {}
        """The position of a generator that others wait for, and since when they wait."""
        self._stalled: dict[int, int] = {}
        """The position of a generator at which others stopped waiting for it."""

    # --- bindings -----------------------------------------------------------------------------

    def bindings(self, generator: Generator, first: int) -> tuple[Binding, ...]:
        """The bindings that must be durable before a generator continues at the index `first`."""
        latest = latest_bindings(generator.record.bindings)
        found = []
        for name, id_ in referenced_by_name(generator.record.spec).items():
            if (other := self._generators.get(id_)) is not None:
                binding, known = self._binding(name, first, other), latest.get(name)
                if known is None or known.first > first or replace(known, first=first) != binding:
                    found.append(binding)
        return tuple(found)

    def all_bindings(self, generator: Generator) -> tuple[Binding, ...]:
        """The bindings of a generator and of what it refers to, also before its first event."""
        return all_bindings(generator, self._generators, self._stored_or_first)

    def _stored_or_first(self, generator: Generator) -> tuple[Binding, ...]:
        return generator.record.bindings or self.bindings(generator, 0)

    def changes(self, generator: Generator, first: int) -> Iterator[BeginBindings]:
        """The change of the registry that stores `bindings`."""
        if bindings := self.bindings(generator, first):
            record = generator.record
            yield BeginBindings(record.id, record.incarnation, bindings)

    def _binding(self, name: str, first: int, other: Generator) -> Binding:
        record, position = other.record, other.position.next
        runs = other.active and other.new_segment_at is None
        if runs and self._stalled.get(record.id) == position:
            runs = False
        goes_on = runs or record.state is GeneratorState.FINISHED
        end = None if goes_on else position
        return Binding(name, first, record.id, record.incarnation, record.segments, end)

    def outdated(self) -> list[Generator]:
        """The running generators that need other bindings."""
        generators = (each.generator for each in self._open.values())
        return [each for each in generators if self.is_outdated(each)]

    def is_outdated(self, generator: Generator) -> bool:
        """Whether a generator runs and needs other bindings."""
        reader = self._open.get(generator.record.id)
        if reader is None:
            return False
        known = all(map(self._is_known, reader.references))
        return not known or bool(self.bindings(generator, generator.position.next))

    def _is_known(self, reference: _BoundReference) -> bool:
        """Whether a reader knows what the events of the other generator read themselves."""
        other = self._generators.get(reference.binding.generator)
        return other is None or histories(other, self._generators) == reference.histories

    # --- gates --------------------------------------------------------------------------------

    def open(self, generator: Generator) -> int:
        """The gate of a generator that begins to generate events."""
        if not referenced_by_name(generator.record.spec):
            return END
        reader = _OpenReader(generator, self._bound_references(generator))
        self._open[generator.record.id] = reader
        reader.gate = self._gate(reader)
        return reader.gate

    def _bound_references(self, generator: Generator) -> Iterator[_BoundReference]:
        for binding in latest_bindings(generator.record.bindings).values():
            other = self._generators.get(binding.generator)
            known = () if other is None else histories(other, self._generators)
            yield _BoundReference(binding, BoundEvents.of(binding), known)

    def close(self, generator: Generator) -> None:
        """Removes a generator that no longer generates events."""
        self._open.pop(generator.record.id, None)

    def moved(self, generator: Generator) -> None:
        """Moves the gates of the generators that refer to one whose position has changed."""
        for id_ in self._generators.readers_of(generator.record.id):
            if (reader := self._open.get(id_)) is None:
                continue
            gate = self._gate(reader)
            if gate != reader.gate:
                reader.gate = gate
                self._worker_pool.set_gate(reader.generator.key, gate)

    def _gate(self, reader: _OpenReader) -> int:
        return min(map(self._gate_of, reader.references), default=END)

    def _gate_of(self, reference: _BoundReference) -> int:
        binding = reference.binding
        other = self._generators.get(binding.generator)
        if other is None or not self._is_known(reference):
            return NOTHING
        known = (binding.incarnation, binding.segments)
        if known != (other.record.incarnation, other.record.segments):
            return NOTHING  # until a new binding has the times of its next events
        return reference.events.gate(other.position.next)

    def waits_for(self, generator: Generator, now: int) -> tuple[str, ...]:
        """The names of the generators that a generator waits for."""
        reader = self._open.get(generator.record.id)
        if reader is None:
            return ()
        return tuple(
            self._generators[each.binding.generator].record.name
            for each in reader.references
            if self._gate_of(each) <= now and each.binding.generator in self._generators
        )

    def find_stalled(self, now: int) -> None:
        """Finds generators that others have waited for too long.

        Others still wait for a generator without a committed event: no event can be referred to.
        """
        blocking = {}
        for reader in self._open.values():
            if reader.gate > now:
                continue
            for each in reader.references:
                other = self._generators.get(each.binding.generator)
                if other is not None and self._gate_of(each) <= now:
                    blocking[other.record.id] = other.position.next
        self._blocking = {
            id_: known
            if (known := self._blocking.get(id_)) and known[0] == position
            else (position, now)
            for id_, position in blocking.items()
        }
        for id_, (position, since) in self._blocking.items():
            if position > 0 and now - since >= STALL_NS:
                self._stalled[id_] = position

"""Bindings: which events of other generators the events of a generator may refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventer.core.model import Segment


@dataclass(frozen=True, slots=True)
class Binding:
    """What a reference of a generator reads, from the generator's own index `first` on.

    Under `name` it reads events of `generator` in its `incarnation`, which are due by `segments`.
    Only those before `end` exist, or all if it is None. For an index, the last binding of a name
    whose `first` is not greater holds.
    """

    name: str
    first: int
    generator: int
    incarnation: int
    segments: tuple[Segment, ...]
    end: int | None = None


def latest_bindings(bindings: Sequence[Binding]) -> Mapping[str, Binding]:
    """The last binding of each name."""
    return {binding.name: binding for binding in bindings}


def relevant_bindings(bindings: Sequence[Binding], position: int) -> tuple[Binding, ...]:
    """The bindings that hold for indices from a position on, in their order."""
    relevant: list[Binding] = []
    covered: set[str] = set()
    for binding in reversed(bindings):
        if binding.name not in covered:
            relevant.append(binding)
        if binding.first <= position:
            covered.add(binding.name)
    return tuple(reversed(relevant))

"""Bindings: which events of other generators the events of a generator may refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from eventer.core.model import Segment

ReferencePath: TypeAlias = tuple[str, ...]
"""The names of references that follow each other: an order's, and that of the customer there."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a reference of a generator reads, from the generator's own index `first` on.

    Under `name` it reads events of `generator` in its `incarnation`, which are due by `segments`.
    Only those before `end` exist, or all if it is None. For an index, the last binding of a name
    whose `first` is not greater holds.

    `via` is empty if the generator's own template has the reference. Otherwise it leads to the
    template that has it, and `first` is an index of the stream of that template.
    """

    name: str
    first: int
    generator: int
    incarnation: int
    segments: tuple[Segment, ...]
    end: int | None = None
    via: ReferencePath = ()

    @property
    def path(self) -> ReferencePath:
        """The references that lead to these events."""
        return (*self.via, self.name)


def latest_bindings(bindings: Sequence[Binding]) -> Mapping[str, Binding]:
    """The last binding of each name in the generator's own template."""
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


def bindings_via(name: str, bindings: Sequence[Binding]) -> tuple[Binding, ...]:
    """The bindings of a generator, for another that refers to it by a name."""
    return tuple(replace(each, via=(name, *each.via)) for each in bindings)

"""The bindings of generators to which others refer. Pure.

An order line that reads the customer of its order reads the event that the order read. So a worker
needs the bindings of the orders, too. Committed events never get other bindings, and a generator to
which another refers is not removed: its own record keeps them for all that refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from eventer.core.bindings import Binding, bindings_via, relevant_bindings
from eventer.registry.base import GeneratorRecord
from eventer.service.event_references import referenced_by_name
from eventer.service.generator import Generator

Generators: TypeAlias = Mapping[int, Generator]
Histories: TypeAlias = tuple[tuple[Binding, ...], ...]
"""The bindings of a generator, and those of each generator to which it refers, and so on."""


def histories(generator: Generator, generators: Generators) -> Histories:
    """The bindings of a generator and of those to which it refers: they decide what it reads."""
    others = (other for _, other in _referenced(generator, generators))
    inner = (history for other in others for history in histories(other, generators))
    return (generator.record.bindings, *inner)


def stored_bindings(generator: Generator) -> tuple[Binding, ...]:
    """The bindings of a generator that are durable."""
    return generator.record.bindings


def own_bindings(record: GeneratorRecord, bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """The bindings of a generator's reference to its own earlier events.

    They follow from when those are due, and from the generator's other `bindings`.
    """
    if not (name := record.spec.event_source.template.own_name):
        return ()
    own = Binding(name, 0, record.id, record.incarnation, record.segments)
    return (own, *bindings_via(name, bindings))


def indirect_bindings(
    generator: Generator,
    generators: Generators,
    bindings: Callable[[Generator], tuple[Binding, ...]] = stored_bindings,
) -> tuple[Binding, ...]:
    """The bindings of those to which a generator refers, by the references that lead to them."""
    return tuple(
        binding
        for name, other in _referenced(generator, generators)
        for binding in bindings_via(name, all_bindings(other, generators, bindings))
    )


def all_bindings(
    generator: Generator,
    generators: Generators,
    bindings: Callable[[Generator], tuple[Binding, ...]] = stored_bindings,
) -> tuple[Binding, ...]:
    """The bindings of a generator, those of what it refers to, and those of its own events."""
    others = (*bindings(generator), *indirect_bindings(generator, generators, bindings))
    return (*others, *own_bindings(generator.record, others))


def bindings_from(
    generator: Generator, generators: Generators, position: int
) -> tuple[Binding, ...]:
    """The bindings of `all_bindings` that hold from a position on.

    A template that refers to earlier events of its own stream needs all bindings.
    """
    if generator.record.spec.event_source.template.own_name:
        return all_bindings(generator, generators)
    own = relevant_bindings(generator.record.bindings, position)
    return (*own, *indirect_bindings(generator, generators))


def _referenced(generator: Generator, generators: Generators) -> Iterator[tuple[str, Generator]]:
    for name, id_ in referenced_by_name(generator.record.spec).items():
        if id_ in generators:
            yield name, generators[id_]

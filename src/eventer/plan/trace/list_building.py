"""Builds lists: by length, from the elements of other lists, and from optional elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventer.jsonnet.values import Array, force
from eventer.plan.graph import Domain, Type
from eventer.plan.symbols import Choice, Symbol, SymbolicList
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.integer_bounds import bounds_of
from eventer.plan.trace.row_views import View, delayed, list_by_position, nth, row_in
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError


def new_list(tracer: Tracer, length: Any, item: Callable[[Symbol], Any]) -> Any:
    """A list of `length` elements per row (none if it is negative).

    `item` computes an element from its position, an INTEGER, in the domain of the elements.
    """
    bounds = bounds_of(length)
    most = None if bounds is None else (max(bounds[0], 0), max(bounds[1], 0))
    integer = tracer.integer(length)
    lengths = tracer.compute("list_lengths", [integer], Type.ROWS, bounds=most).node
    return list_by_position(tracer, lengths, lambda position: lambda: item(position))


def list_of(tracer: Tracer, source: SymbolicList, inner: Any) -> Any:
    """The concatenation of the arrays or lists `inner` of each element of a list.

    Raises:
        PlanUnsupportedError: `inner` is not an array, a list or a choice of one.
    """
    if isinstance(inner, Array):
        return _of_arrays(tracer, source, inner)
    if isinstance(inner, SymbolicList) and inner.domain is source.elements:
        return _regrouped(tracer, source.domain, inner.elements, inner.item)
    if isinstance(inner, Choice) and inner.domain is source.elements:
        return _of_kept(tracer, source, inner)
    raise PlanUnsupportedError("list elements are built in different ways")


def _of_arrays(tracer: Tracer, source: SymbolicList, inner: Array) -> Any:
    items = inner.items
    if not items:
        return Array([])
    if len(items) == 1:
        return SymbolicList(source.domain, source.lengths, source.elements, items[0])
    with tracer.inside(source.elements):
        each = new_list(tracer, float(len(items)), lambda number: _nth(tracer, items, number))
    return _regrouped(tracer, source.domain, each.elements, each.item)


def _nth(tracer: Tracer, items: list[Any], number: Symbol) -> Any:
    entries = tuple(float(place) for place in range(len(items)))
    dictionary = tracer.compute(
        "offset_codes", [tracer.integer(number)], Type.DICTIONARY, parameters=(0,), entries=entries
    )
    return split_by_entry(tracer, dictionary, lambda place: force(items[int(place)]), None)


def _of_kept(tracer: Tracer, source: SymbolicList, inner: Choice) -> Any:
    """The elements in rows with a condition, or without it."""
    for holds, side, other in (
        (True, inner.then, inner.otherwise),
        (False, inner.otherwise, inner.then),
    ):
        if isinstance(other, Array) and not other.items and isinstance(side, Array | SymbolicList):
            with tracer.inside(source.elements):
                mask = tracer.truth(inner.condition)
            part = tracer.graph.filter(source.elements, mask, holds=holds)
            kept = _regrouped(tracer, source.domain, part, None)
            return list_of(tracer, kept, side)
    raise PlanUnsupportedError("list elements are built in different ways")


def _regrouped(tracer: Tracer, domain: Domain, elements: Domain, item: Any) -> SymbolicList:
    """The rows of a domain as the elements of one list per row of an outer domain."""
    with tracer.inside(domain):
        lengths = tracer.compute("counts", [], Type.ROWS, parameters=(elements,)).node
    return SymbolicList(domain, lengths, elements, item)


def present_list(tracer: Tracer, parts: list[Any]) -> Any:
    """A list of elements that only some rows have.

    Raises:
        PlanUnsupportedError: a part is not a choice between an array and an empty one.
    """
    candidates: list[tuple[Any, Domain, Any]] = []
    for part in map(tracer.simplified, parts):
        candidates += _candidates(tracer, part)
    masks = [condition for condition, _, _ in candidates]
    lengths = tracer.compute("count_true", masks, Type.ROWS, bounds=(0, len(candidates))).node
    elements = tracer.graph.elements(tracer.domain, lengths)
    domain = tracer.domain
    with tracer.inside(elements):
        operand = delayed(tracer, lambda: _which(tracer, domain, masks, candidates))
    return SymbolicList(domain, lengths, elements, operand)


def _candidates(tracer: Tracer, part: Any) -> list[tuple[Any, Domain, Any]]:
    if isinstance(part, Array):
        return [(True, tracer.domain, item) for item in part.items]
    if isinstance(part, Choice) and part.domain is tracer.domain:
        for holds, side, other in (
            (True, part.then, part.otherwise),
            (False, part.otherwise, part.then),
        ):
            if isinstance(other, Array) and not other.items and isinstance(side, Array):
                mask = tracer.truth(part.condition)
                rows = tracer.graph.filter(tracer.domain, mask, holds=holds)
                test = (
                    Symbol(mask) if holds else tracer.compute("not", [Symbol(mask)], Type.BOOLEAN)
                )
                return [(test, rows, item) for item in side.items]
    raise PlanUnsupportedError("concatenation of arrays whose lengths differ between events")


def _which(
    tracer: Tracer, domain: Domain, masks: list[Any], candidates: list[tuple[Any, Domain, Any]]
) -> Any:
    entries = tuple(float(number) for number in range(len(candidates)))
    with tracer.inside(domain):
        columns = tuple(mask if mask is True else tracer.lift(mask.node) for mask in masks)
    dictionary = tracer.compute(
        "candidate", [], Type.DICTIONARY, parameters=(domain, *columns), entries=entries
    )

    def value(number: Any) -> Any:
        _, rows, item = candidates[int(number)]
        with tracer.inside(rows):
            found = force(item)
        return View(tracer, rows, row_in(tracer, rows), rows)(found)

    return split_by_entry(tracer, dictionary, value, None)


def concatenated(tracer: Tracer, one: Array | SymbolicList, other: Array | SymbolicList) -> Any:
    """`one + other`."""
    for first, second in ((one, other), (other, one)):
        if isinstance(first, Array) and not first.items:
            return second
    first_length, second_length = (_length_of(tracer, each) for each in (one, other))
    length = _sum_of(tracer, first_length, second_length)

    def item(number: Symbol) -> Any:
        before = tracer.compute("less", [number, first_length], Type.BOOLEAN)
        return tracer.choose(
            before,
            lambda: _item_at(tracer, one, number),
            lambda: _item_at(tracer, other, _sum_of(tracer, number, first_length, -1)),
        )

    return new_list(tracer, length, item)


def _length_of(tracer: Tracer, value: Array | SymbolicList) -> Any:
    return float(len(value.items)) if isinstance(value, Array) else tracer.list_length(value)


def _sum_of(tracer: Tracer, one: Any, other: Any, sign: int = 1) -> Any:
    bounds, more = bounds_of(one), bounds_of(other)
    ends: Any = None
    if bounds is not None and more is not None:
        ends = sorted((sign * more[0], sign * more[1]))
        ends = (max(bounds[0] + ends[0], 0), bounds[1] + ends[1])
    operation = "integer_add" if sign > 0 else "integer_subtract"
    given = [int(each) if isinstance(each, float) else each for each in (one, other)]
    return tracer.compute(operation, given, Type.INTEGER, bounds=ends)


def _item_at(tracer: Tracer, value: Array | SymbolicList, number: Any) -> Any:
    if isinstance(value, SymbolicList):
        return nth(tracer, value, number)
    if len(value.items) == 1:
        return force(value.items[0])
    return _nth(tracer, value.items, number)

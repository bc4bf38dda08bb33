"""Values of other domains: elements of a list by position, and values of other rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.closures import Closure
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Thunk, force
from eventer.plan.graph import Domain, Filter, Node, Type
from eventer.plan.symbols import Choice, Symbol, Symbolic, SymbolicList
from eventer.plan.trace.traced_keys import PositionStep
from eventer.plan.trace.tracer import DEPENDS_ON_ANOTHER, RAISES_IN_EVERY_EVENT, Tracer
from eventer.plan.trace.viewed_objects import ViewedObject
from eventer.plan.unsupported import PlanUnsupportedError


class _NoMeter:
    """The meter of thunks of the trace itself, which cost nothing."""

    fuel = 1 << 60
    depth = 1 << 30


class _NoContext:
    meter = _NoMeter()


NO_CONTEXT = _NoContext()


def delayed(tracer: Tracer, compute: Callable[[], Any]) -> Thunk:
    """An operand that is computed in the present domain when it is forced."""
    return Thunk(tracer.bind_to_domain(lambda _: compute()), [None, NO_CONTEXT])


def position_in(tracer: Tracer, value: SymbolicList) -> Symbol:
    """The position of each element in its list; the current domain must be that of the elements."""
    assert tracer.domain is value.elements
    longest = value.lengths.bounds
    bounds = (0, max(longest[1] - 1, 0)) if longest else None
    return tracer.compute("position", [], Type.INTEGER, parameters=(value.domain,), bounds=bounds)


def element_context(
    tracer: Tracer, context: Context, steps: tuple[Any, ...], position: Symbol
) -> Context:
    """The context of each element: H(context, *steps, i)."""
    step: Any = PositionStep(tracer.lift(position.node))
    return context.element_context((*steps, step))


def row_in(tracer: Tracer, rows: Domain) -> Node:
    """The row of the domain `rows` of each row of the current domain."""
    if tracer.domain.within(rows):
        return tracer.compute("row_in", [], Type.ROWS, parameters=(rows,)).node
    assert isinstance(rows, Filter)
    assert rows.parent is not None
    outer = row_in(tracer, rows.parent)
    return tracer.compute("rank", [Symbol(outer)], Type.ROWS, parameters=(rows,)).node


def computed_in(tracer: Tracer, rows: Domain, compute: Callable[[], Any]) -> Any:
    """A value that is computed in other rows.

    Raises:
        PlanUnsupportedError: it depends on itself. In the other row it may be another value.
    """
    with tracer.inside(rows), tracer.in_other_rows():
        try:
            return compute()
        except EvaluationError as error:
            if error.recursive:
                raise PlanUnsupportedError(DEPENDS_ON_ANOTHER) from error
            raise


class View:
    """Gives values of the domain `source` in the current domain, by the row numbers `rows`.

    In `shared` and its ancestors, both domains are in the same row. In other domains they need not
    be: lists of equal lengths share a domain of elements, and an element can refer to another one.
    """

    origin = "a list element"
    """What the values are from, in reasons."""
    hides_fields = False
    """Whether only visible fields of objects are shown."""
    seals_objects = True
    """Whether objects cannot be extended."""

    def __init__(self, tracer: Tracer, source: Domain, rows: Node, shared: Domain) -> None:
        self._tracer = tracer
        self.source = source
        self._rows = rows
        self._shared = shared

    def __call__(self, value: Any) -> Any:
        """The value in the current domain."""
        tracer = self._tracer
        if isinstance(value, Symbol):
            return self._symbol(value)
        if isinstance(value, Choice):
            return self._choice(value)
        if isinstance(value, SymbolicList):
            return self._list(value)
        if isinstance(value, Symbolic):
            raise EvaluationError(RAISES_IN_EVERY_EVENT)
        if isinstance(value, Array):
            return Array([self._operand(item) for item in value.items])
        if isinstance(value, Object):
            return ViewedObject(tracer, value, self)
        if isinstance(value, Closure) and not self._shared.within(self.source):
            raise PlanUnsupportedError(f"a function comes from {self.origin}")
        return value

    def of(self, compute: Callable[[], Any]) -> Any:
        """The view of a value that is computed in the source."""
        return self(self._computed(self.source, compute))

    def _computed(self, rows: Domain, compute: Callable[[], Any]) -> Any:
        return computed_in(self._tracer, rows, compute)

    def where(self, condition: Symbol, compute: Callable[[], Any], *, holds: bool = True) -> Any:
        """The view of a value that is computed in the rows of the source with a condition.

        All rows of the current domain must be among them.
        """
        tracer = self._tracer
        with tracer.inside(self.source):
            part = tracer.part(condition, holds=holds)
        found = self._computed(part, compute)
        rows = tracer.compute("rank", [Symbol(self._rows)], Type.ROWS, parameters=(part,)).node
        return self._seen_from(part, rows)(found)

    def _operand(self, item: Any) -> Any:
        return delayed(self._tracer, lambda: self.of(lambda: force(item)))

    def _symbol(self, value: Symbol) -> Any:
        tracer, node = self._tracer, value.node
        if self._is_shared(node.domain):
            return value
        with tracer.inside(self.source):
            node = tracer.lift(node)
        rows = tracer.lift(self._rows)
        return Symbol(tracer.graph.rows_of(node, "gather", (node, rows), tracer.domain))

    def _list(self, value: SymbolicList) -> Any:
        """The view of a list, with a domain of elements of its own."""
        tracer = self._tracer
        if self._is_shared(value.domain):
            return value
        row = self._rows
        if value.domain is not self.source:
            row = self._row_around(value.domain)
        lengths = self._seen_from(value.domain, row)(Symbol(value.lengths)).node

        def item(position: Symbol) -> Callable[[], Any]:
            rows = element_rows(tracer, value, position, tracer.lift(row))
            view = self._seen_from(value.elements, rows)
            return lambda: view.of(lambda: force(value.item))

        return list_by_position(tracer, lengths, item)

    def _is_shared(self, domain: Domain) -> bool:
        """Whether values of a domain are valid in the current domain."""
        around = self._tracer.domain.within(domain) and self._shared.within(domain)
        return around and domain is not self.source

    def _seen_from(self, source: Domain, rows: Node) -> View:
        return type(self)(self._tracer, source, rows, self._shared)

    def _row_around(self, domain: Domain) -> Node:
        """The row of an ancestor of the source of each row of the current domain."""
        tracer = self._tracer
        with tracer.inside(self.source):
            outer = row_in(tracer, domain)
        row: Node = self._symbol(Symbol(outer)).node
        return row

    def _choice(self, value: Choice) -> Any:
        """The view of a choice; a choice of an ancestor of the source is viewed from there.

        The sides of a choice have rows of its domain, not of a part of it.
        """
        tracer = self._tracer
        if value.domain is not self.source:
            if self._is_shared(value.domain):
                return value
            return self._seen_from(value.domain, self._row_around(value.domain))(value)
        return tracer.choose(
            self._symbol(value.condition),
            lambda: self.where(value.condition, lambda: value.then),
            lambda: self.where(value.condition, lambda: value.otherwise, holds=False),
        )


def view_from(tracer: Tracer, rows: Domain, value: Any) -> Any:
    """A value of other rows in the current domain, whose rows must be among them."""
    return View(tracer, rows, row_in(tracer, rows), rows)(value)


def lift_list(tracer: Tracer, value: SymbolicList) -> SymbolicList:
    """A list of an ancestor, in the current domain."""
    if value.domain is tracer.domain:
        return value

    def item(position: Symbol) -> Callable[[], Any]:
        view = View(tracer, value.elements, element_rows(tracer, value, position), value.domain)
        return lambda: view.of(lambda: force(value.item))

    return list_by_position(tracer, tracer.lift(value.lengths), item)


def list_by_position(
    tracer: Tracer, lengths: Node, item: Callable[[Symbol], Callable[[], Any]]
) -> SymbolicList:
    """A list in the current domain; `item` gives the function of an element for its position."""
    elements = tracer.graph.elements(tracer.domain, lengths)
    without_items = SymbolicList(tracer.domain, lengths, elements, None)
    with tracer.inside(elements):
        operand = delayed(tracer, item(position_in(tracer, without_items)))
    return replace(without_items, item=operand)


def element_rows(tracer: Tracer, value: SymbolicList, number: Any, row: Node | None = None) -> Node:
    """The rows of elements of a list by their positions.

    `row` is the row of the list's domain, unless it is the row of the current row.
    """
    if row is None:
        row = row_in(tracer, value.domain)
    return tracer.compute(
        "element_rows",
        [Symbol(row), number],
        Type.ROWS,
        parameters=(value.lengths,),
    ).node


def nth(tracer: Tracer, value: SymbolicList, number: Any) -> Any:
    """The element at a position that the lists of all rows have."""
    rows = element_rows(tracer, value, number)
    item = computed_in(tracer, value.elements, lambda: force(value.item))
    return View(tracer, value.elements, rows, value.domain)(item)

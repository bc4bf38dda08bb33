"""The state of a trace: the graph, the current domain, and the facts that hold there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar, Unpack

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.jsonnet.evaluate.closures import Closure
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array
from eventer.plan.graph import Argument, Domain, Graph, Literal, Node, NodeDetails, Type, codes_node
from eventer.plan.symbols import (
    ALWAYS_RAISES,
    AlwaysRaises,
    Choice,
    Symbol,
    Symbolic,
    SymbolicList,
)
from eventer.plan.trace.conditions import condition_codes, live_codes
from eventer.plan.trace.dictionaries import compute_per_entry, simplified_dictionary
from eventer.plan.trace.integer_bounds import is_integer
from eventer.plan.trace.merging import Side, merge_sides
from eventer.plan.trace.plain_values import PlainValues
from eventer.plan.unsupported import PlanUnsupportedError

MAX_TEXT: Final = 1 << 20
"""Characters of a constant text in a column, where no steps are counted."""
MAX_DEPTH: Final = 256
"""Nested conditions and lists."""

DEPENDS_ON_ANOTHER: Final = "an element of a list depends on another element of the list"
RAISES_IN_EVERY_EVENT: Final = "this expression raises an error in every event"
NO_CHOICE: Final = object()
"""The result of `Tracer.distributed` if no value is a choice."""

_T = TypeVar("_T")


class Tracer:
    """The state of a trace. New columns belong to `domain`.

    `charge` takes steps from the budget of the trace, and raises `BudgetError` beyond it.
    """

    def __init__(self, plain: PlainValues, charge: Callable[[int], None]) -> None:
        self.charge = charge
        self.graph = Graph()
        self.domain: Domain = self.graph.root
        self.plain = plain
        self._views = 0
        self.unrolls_loops = False
        """Whether a long loop has columns for each element, as a short one has."""
        self.has_listed_loops = False
        """Whether a long loop became a list, of which fewer operations are supported."""

    # -- domains --------------------------------------------------------------------------------

    @contextmanager
    def inside(self, domain: Domain) -> Iterator[None]:
        """Evaluates in another domain.

        Raises:
            PlanUnsupportedError: the domain is nested too deeply: the facts of all outer domains
                are searched, so tracing time grows with the square of the depth.
        """
        if domain.depth > MAX_DEPTH:
            raise PlanUnsupportedError(f"conditions are nested more than {MAX_DEPTH} levels deep")
        before, self.domain = self.domain, domain
        try:
            yield
        finally:
            self.domain = before

    @contextmanager
    def in_other_rows(self) -> Iterator[None]:
        """Computes a value of other rows than those that need it, until it ends."""
        self._views += 1
        try:
            yield
        finally:
            self._views -= 1

    def bind_to_domain(self, work: Callable[[Any], _T]) -> Callable[[Any], _T]:
        """The work, to be done in the present domain whenever it is called."""
        domain = self.domain

        def later(argument: Any) -> _T:
            if self.domain is domain:
                return work(argument)
            with self.inside(domain):
                return work(argument)

        return later

    def lift(self, node: Node) -> Node:
        """A node of this domain or of an ancestor, in this domain."""
        if node.domain is self.domain:
            return node
        if node.operation == "take" and isinstance(node.arguments[0], Node):
            node = node.arguments[0]
            if node.domain is self.domain:
                return node
        assert self.domain.within(node.domain), f"{node} belongs to other rows"
        return self.graph.rows_of(node, "take", (node,), self.domain)

    def argument(self, value: Any) -> Argument:
        """A scalar as an argument of an operation in this domain.

        Raises:
            PlanUnsupportedError: a text is too long.
        """
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise PlanUnsupportedError(
                f"a constant text of {len(value):,} characters is combined with random values"
            )
        return self.lift(value.node) if isinstance(value, Symbol) else Literal(value)

    def compute(
        self,
        operation: str,
        values: Sequence[Any],
        result: Type,
        **details: Unpack[NodeDetails],
    ) -> Symbol:
        """The symbol of an operation on scalars, in this domain."""
        types = {value.node.type for value in values if isinstance(value, Symbol)}
        assert operation in _OF_CODES or Type.DICTIONARY not in types, operation
        arguments = [self.argument(value) for value in values]
        return Symbol(self.graph.node(operation, arguments, self.domain, result, **details))

    # -- facts ------------------------------------------------------------------------------------

    def live(self, node: Node) -> frozenset[int]:
        """The codes of a DICTIONARY, or of a BOOLEAN (0 and 1), that can occur in this domain."""
        codes = frozenset(range(len(node.entries) if node.type is Type.DICTIONARY else 2))
        return live_codes(self.domain, codes_node(node), codes)

    def simplified(self, value: Any) -> Any:
        """The value, or a plain one if it has only one value in this domain."""
        if isinstance(value, Choice):
            return self._simplified_choice(value)
        if not isinstance(value, Symbol):
            return value
        if value.node.type is Type.BOOLEAN:
            live = self.live(value.node)
            return bool(min(live)) if len(live) == 1 else value
        if value.node.type is Type.DICTIONARY:
            return simplified_dictionary(self, value)
        return value

    def _simplified_choice(self, value: Choice) -> Any:
        rows = condition_codes(value.condition)
        live = rows.live(self.domain)
        if not live & rows.fails:
            return self.simplified(self.side_of(value, holds=True))
        if not live & rows.holds:
            return self.simplified(self.side_of(value, holds=False))
        return value

    # -- conditions -----------------------------------------------------------------------------

    def choose(self, condition: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        """A value that depends on a condition, a symbol or a plain boolean.

        Each side is evaluated for its own rows only.

        Raises:
            EvaluationError: both sides raise.
        """
        if isinstance(condition, bool):
            return then() if condition else otherwise()
        rows = condition_codes(condition)
        live = rows.live(self.domain)
        if not live & rows.fails:
            return then()
        if not live & rows.holds:
            return otherwise()
        mask = self.truth(condition)
        sides = [
            self._side(self.part(condition, holds=holds), side)
            for holds, side in ((True, then), (False, otherwise))
        ]
        return merge_sides(self, condition, mask, *sides)

    def part(self, condition: Symbol, *, holds: bool) -> Domain:
        """The rows of this domain for which a condition equals `holds`, with that fact."""
        rows = condition_codes(condition)
        part = self.graph.filter(self.domain, self.truth(condition), holds=holds)
        part.facts.setdefault(rows.key, rows.holds if holds else rows.fails)
        return part

    def truth(self, condition: Symbol) -> Node:
        """A condition as a BOOLEAN column of this domain."""
        node = self.lift(condition.node)
        if node.type is Type.BOOLEAN:
            return node
        truths = tuple(entry is True for entry in node.entries)
        return self.graph.node("truth", (node,), self.domain, Type.BOOLEAN, parameters=truths)

    def _side(self, part: Domain, side: Callable[[], Any]) -> Side:
        with self.inside(part):
            try:
                return side(), part, None
            except EvaluationError as error:
                if error.recursive and self._views:
                    # The value may be one of another row, which does not depend on itself.
                    raise PlanUnsupportedError(DEPENDS_ON_ANOTHER) from error
                return ALWAYS_RAISES, part, error

    # -- scalars --------------------------------------------------------------------------------

    def typed(self, value: Any, target: Type) -> Any:
        """A scalar as a column of a type; plain values stay as they are."""
        if not isinstance(value, Symbol) or value.node.type is target:
            return value
        source = value.node.type
        if source is Type.DICTIONARY:
            entries = value.node.entries
            return self.compute("typed", [value], target, parameters=entries)
        if source is Type.INTEGER and target is Type.NUMBER:
            return self.compute("number", [value], Type.NUMBER)
        raise PlanUnsupportedError(
            f"a column of type {source.value} is used as {target.value}", value.node.span
        )

    def integer(self, value: Any) -> Any:
        """A number as an INTEGER; rows where it has a fraction raise."""
        if is_integer(value):
            return int(value) if isinstance(value, float) else self.typed(value, Type.INTEGER)
        number = self.typed(value, Type.NUMBER)
        return self.compute("checked_integer", [number], Type.INTEGER)

    def list_length(self, value: SymbolicList) -> Symbol:
        """The length of a list, in this domain."""
        lengths = value.lengths
        return self.compute("length_values", [Symbol(lengths)], Type.INTEGER, bounds=lengths.bounds)

    def distribute(self, choice: Choice, work: Callable[[Any], Any]) -> Any:
        """The results of `work` for each side of a choice."""
        return self.choose(
            choice.condition,
            lambda: work(self.side_of(choice, holds=True)),
            lambda: work(self.side_of(choice, holds=False)),
        )

    def side_of(self, choice: Choice, *, holds: bool) -> Any:
        """A side of a choice; all rows of the current domain must be on that side."""
        value = choice.then if holds else choice.otherwise
        with self.inside(choice.domain):
            rows = self.part(choice.condition, holds=holds)
        plain = isinstance(value, AlwaysRaises) or not isinstance(value, Symbolic | Array | Object)
        if self.domain.within(rows):
            return value
        if isinstance(value, Closure):
            raise PlanUnsupportedError(
                "a function from one branch of a condition is stored in a list"
            )
        if plain:
            return value
        from eventer.plan.trace.row_views import view_from

        return view_from(self, rows, value)

    def scalar(
        self,
        values: Sequence[Any],
        plain: Callable[..., Any],
        vector: Callable[[Sequence[Any]], Any],
        span: Span | None = None,
    ) -> Any:
        """A function of scalars.

        Args:
            values: The arguments.
            plain: The function of plain values; it may raise.
            vector: The function of values of which at least one is symbolic.
            span: The place of the call.
        """
        values = [self.simplified(value) for value in values]
        choice = self.distributed(
            values, lambda changed: self.scalar(changed, plain, vector, span), span
        )
        if choice is not NO_CHOICE:
            return choice
        if not any(isinstance(value, Symbolic) for value in values):
            return plain(*values)
        found = compute_per_entry(self, values, plain, span)
        return vector(values) if found is None else found[0]

    def distributed(
        self, values: Sequence[Any], work: Callable[[list[Any]], Any], span: Span | None = None
    ) -> Any:
        """The results of `work` for the sides of the first choice among values; else `NO_CHOICE`.

        Raises:
            EvaluationError: a value raises in all rows.
        """
        for number, value in enumerate(values):
            if isinstance(value, AlwaysRaises):
                raise EvaluationError(RAISES_IN_EVERY_EVENT, span)
            if isinstance(value, Choice):
                return self.distribute(value, partial(_with_side, work, values, number))
        return NO_CHOICE


def _with_side(
    work: Callable[[list[Any]], Any], values: Sequence[Any], number: int, side: Any
) -> Any:
    return work([*values[:number], side, *values[number + 1 :]])


_OF_CODES: Final = frozenset({"entries", "truth", "typed", "code_pairs"})
"""Operations that take the codes of a dictionary; others take values (`Tracer.typed`)."""

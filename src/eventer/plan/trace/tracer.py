"""The state of a trace: the graph, the domain that is being evaluated, and what holds in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final, TypeVar

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.jsonnet.evaluate.functions import Closure
from eventer.jsonnet.objects import Object
from eventer.jsonnet.values import Array
from eventer.plan.graph import Argument, Domain, Graph, Literal, Node, Type, codes_of
from eventer.plan.refusal import RefusedError
from eventer.plan.symbols import NOTHING, Choice, Nothing, Symbol, Symbolic, kind_of
from eventer.plan.trace.plain import NotPlainError, Plain, same

MAX_PAIRS: Final = 256
"""Combinations of picks that are computed beforehand, entry by entry."""
MAX_ENTRIES: Final = 8_192
MAX_TEXT: Final = 1 << 20
"""Characters of a constant text that is computed with in every row, where nothing counts steps."""
MAX_DEPTH: Final = 256
"""Conditions and lists within one another."""

MAX_CASES: Final = 16
"""Entries of a pick that a value is made for one by one."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Rows:
    """Codes of a condition for which it holds, and for which it does not."""

    key: Node
    holds: frozenset[int]
    fails: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Mapping:
    """A function of picks, to be computed for each of their live codes."""

    values: Sequence[Any]
    plain: Callable[..., Any]
    live: frozenset[int]
    span: Span | None


class Tracer:
    """Knows where the trace is. `domain` is where everything new is computed.

    `charge` takes steps from the trace's budget, and raises a `BudgetError` where there are none.
    """

    def __init__(self, plain: Plain, charge: Callable[[int], None]) -> None:
        self.charge = charge
        self.graph = Graph()
        self.domain: Domain = self.graph.root
        self.plain = plain

    # -- domains --------------------------------------------------------------------------------

    @contextmanager
    def inside(self, domain: Domain) -> Iterator[None]:
        """Evaluates in another domain for a while.

        Raises:
            RefusedError: it is too deep within others; what is known of values there is asked of
                all of them, so that the time of the trace would grow with the square of the depth.
        """
        if domain.depth > MAX_DEPTH:
            raise RefusedError(f"it decides more than {MAX_DEPTH} times, one within the other")
        before, self.domain = self.domain, domain
        try:
            yield
        finally:
            self.domain = before

    def bound(self, work: Callable[[Any], _T]) -> Callable[[Any], _T]:
        """The work, to be done later in the domain that is the current one now."""
        domain = self.domain

        def later(argument: Any) -> _T:
            if self.domain is domain:
                return work(argument)
            with self.inside(domain):
                return work(argument)

        return later

    def lift(self, node: Node) -> Node:
        """A node of this domain or one around it, in this domain."""
        if node.domain is self.domain:
            return node
        if node.operation == "take" and isinstance(node.arguments[0], Node):
            node = node.arguments[0]
            if node.domain is self.domain:
                return node
        assert self.domain.within(node.domain), f"{node} is of another part of the rows"
        return self.graph.node(
            "take",
            (node,),
            self.domain,
            node.type,
            entries=node.entries,
            bounds=node.bounds,
            span=node.span,
            kind=node.kind,
        )

    def argument(self, value: Any) -> Argument:
        """A scalar as an argument of an operation in this domain."""
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise RefusedError(f"a text of {len(value):,} characters goes into columns")
        return self.lift(value.node) if isinstance(value, Symbol) else Literal(value)

    def compute(
        self,
        operation: str,
        values: Sequence[Any],
        result: Type,
        *,
        parameters: tuple[Any, ...] = (),
        entries: tuple[Any, ...] = (),
        bounds: tuple[int, int] | None = None,
        span: Span | None = None,
        kind: str | None = None,
        label: str | None = None,
    ) -> Symbol:
        """The symbol of an operation on scalars, in this domain."""
        assert operation in _OF_CODES or not any(map(_is_pick, values)), f"{operation} of codes"
        node = self.graph.node(
            operation,
            [self.argument(value) for value in values],
            self.domain,
            result,
            parameters=parameters,
            entries=entries,
            bounds=bounds,
            span=span,
            kind=kind,
            label=label,
        )
        return Symbol(node)

    # -- what is known of a value here -----------------------------------------------------------

    def live(self, node: Node) -> frozenset[int]:
        """The codes of a PICK, or of a BOOLEAN (0 and 1), that can occur in this domain."""
        key = codes_of(node)
        found = frozenset(range(len(node.entries) if node.type is Type.PICK else 2))
        for domain in self.domain.chain():
            if key in domain.facts:
                found &= domain.facts[key]
        return found

    def settled(self, value: Any) -> Any:
        """The value; a plain one where a symbol can have only one value in this domain."""
        if isinstance(value, Choice):
            return self._settled_choice(value)
        if not isinstance(value, Symbol):
            return value
        if value.node.type is Type.BOOLEAN:
            live = self.live(value.node)
            return bool(min(live)) if len(live) == 1 else value
        if value.node.type is Type.PICK:
            return self._settled_pick(value)
        return value

    def _settled_pick(self, value: Symbol) -> Any:
        live = sorted(self.live(value.node))
        if not live:
            return value
        entries = value.node.entries
        first = entries[live[0]]
        if isinstance(first, list | dict) and len(live) > 1:
            return value
        if all(same(entries[code], first) for code in live[1:]):
            return self.plain.value(first)
        return value

    def _settled_choice(self, value: Choice) -> Any:
        rows = self._rows(value.condition)
        live = self.live(rows.key) if rows.key.type is not Type.PICK else self._live_codes(rows)
        if not live & rows.fails:
            return self.settled(self.side_of(value, holds=True))
        if not live & rows.holds:
            return self.settled(self.side_of(value, holds=False))
        return value

    def _live_codes(self, rows: Rows) -> frozenset[int]:
        live = rows.holds | rows.fails
        for domain in self.domain.chain():
            if rows.key in domain.facts:
                live &= domain.facts[rows.key]
        return live

    def _rows(self, condition: Symbol) -> Rows:
        node = condition.node
        if node.type is Type.BOOLEAN:
            return Rows(codes_of(node), frozenset({1}), frozenset({0}))
        codes = {truth: frozenset(_codes_with(node.entries, truth)) for truth in (True, False)}
        if len(codes[True]) + len(codes[False]) < len(node.entries):
            raise RefusedError("a condition is not always true or false", node.span)
        return Rows(codes_of(node), codes[True], codes[False])

    # -- conditions -----------------------------------------------------------------------------

    def choose(
        self, condition: Symbol, then: Callable[[], Any], otherwise: Callable[[], Any]
    ) -> Any:
        """A value that depends on a condition; each side is evaluated for its rows alone.

        Raises:
            EvaluationError: both sides raise.
        """
        rows = self._rows(condition)
        live = self._live_codes(rows)
        if not live & rows.fails:
            return then()
        if not live & rows.holds:
            return otherwise()
        mask = self.truth(condition)
        sides = [
            self._side(self.part(condition, holds=holds), side)
            for holds, side in ((True, then), (False, otherwise))
        ]
        return self._merged(condition, mask, *sides)

    def part(self, condition: Symbol, *, holds: bool) -> Domain:
        """The rows of this domain for which a condition is as said, and what that tells of them."""
        rows = self._rows(condition)
        part = self.graph.filter(self.domain, self.truth(condition), holds=holds)
        part.facts.setdefault(rows.key, rows.holds if holds else rows.fails)
        return part

    def truth(self, condition: Symbol) -> Node:
        """A condition as a BOOLEAN of this domain."""
        node = self.lift(condition.node)
        if node.type is Type.BOOLEAN:
            return node
        truths = tuple(entry is True for entry in node.entries)
        return self.graph.node("truth", (node,), self.domain, Type.BOOLEAN, parameters=truths)

    def _side(self, part: Domain, side: Callable[[], Any]) -> tuple[Any, Domain, Exception | None]:
        with self.inside(part):
            try:
                return side(), part, None
            except EvaluationError as error:
                return NOTHING, part, error

    def _merged(
        self,
        condition: Symbol,
        mask: Node,
        then: tuple[Any, Domain, Exception | None],
        otherwise: tuple[Any, Domain, Exception | None],
    ) -> Any:
        if then[2] is not None and otherwise[2] is not None:
            raise then[2]
        for _, part, error in (then, otherwise):
            if error is not None:
                self.graph.raises(part, None, str(error))
        return self._merge_values(condition, mask, then[:2], otherwise[:2])

    def _merge_values(
        self, condition: Symbol, mask: Node, then: tuple[Any, Domain], otherwise: tuple[Any, Domain]
    ) -> Any:
        one, other = then[0], otherwise[0]
        if one is other and not isinstance(one, Symbolic):
            return one
        if is_scalar(one) and is_scalar(other) and same(one, other):
            return one
        merged = self._merged_entries(condition, one, other)
        if merged is not None:
            return merged
        kinds = {kind_of(each) for each in (one, other) if not isinstance(each, Nothing)}
        if len(kinds) == 1 and kinds <= {"number", "boolean", "string"}:
            return self._merged_columns(mask, then, otherwise, kinds.pop() or "")
        return Choice(self.domain, condition, one, other)

    def _merged_entries(self, condition: Symbol, one: Any, other: Any) -> Symbol | None:
        """A PICK by the codes of the condition, where both sides depend on nothing else."""
        rows = self._rows(condition)
        size = len(condition.node.entries) or 2
        columns = [self._entries_by(rows.key, size, side) for side in (one, other)]
        if columns[0] is None or columns[1] is None:
            return None
        entries = tuple(
            columns[0][code] if code in rows.holds else columns[1][code] for code in range(size)
        )
        return self.compute("entries", [Symbol(condition.node)], Type.PICK, entries=entries)

    def _entries_by(self, key: Node, size: int, side: Any) -> Sequence[Any] | None:
        if isinstance(side, Symbol):
            node = side.node
            by_key = node.type is Type.PICK and codes_of(node) is key and len(node.entries) == size
            return node.entries if by_key else None
        return [side] * size if is_scalar(side) else None

    def _merged_columns(
        self, mask: Node, then: tuple[Any, Domain], otherwise: tuple[Any, Domain], kind: str
    ) -> Symbol:
        sides = [value for value, _ in (then, otherwise) if not isinstance(value, Nothing)]
        result = self._common_type(kind, sides)
        arguments: list[Argument] = [mask]
        for value, part in (then, otherwise):
            with self.inside(part):
                filled = _FILLING[kind] if isinstance(value, Nothing) else value
                arguments.append(self.argument(self.typed(filled, result)))
        bounds = self._common_bounds(sides) if result is Type.WHOLE else None
        node = self.graph.node("merge", arguments, self.domain, result, bounds=bounds)
        return Symbol(node)

    @staticmethod
    def _common_type(kind: str, values: Sequence[Any]) -> Type:
        if kind != "number":
            return Type.TEXT if kind == "string" else Type.BOOLEAN
        whole = all(is_whole(value) for value in values)
        return Type.WHOLE if whole else Type.NUMBER

    @staticmethod
    def _common_bounds(values: Sequence[Any]) -> tuple[int, int] | None:
        found = [bounds_of(value) for value in values]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    # -- scalars --------------------------------------------------------------------------------

    def typed(self, value: Any, wanted: Type) -> Any:
        """A scalar of known kind as a column of a type; plain values stay as they are."""
        if not isinstance(value, Symbol) or value.node.type is wanted:
            return value
        have = value.node.type
        if have is Type.PICK:
            entries = value.node.entries
            return self.compute("typed", [value], wanted, parameters=entries)
        if have is Type.WHOLE and wanted is Type.NUMBER:
            return self.compute("number", [value], Type.NUMBER)
        raise RefusedError(f"a {have.value} is taken for a {wanted.value}", value.node.span)

    def whole(self, value: Any) -> Any:
        """A number as a WHOLE; rows where it is no whole number raise."""
        if is_whole(value):
            return int(value) if isinstance(value, float) else self.typed(value, Type.WHOLE)
        number = self.typed(value, Type.NUMBER)
        return self.compute("checked_whole", [number], Type.WHOLE)

    def distribute(self, choice: Choice, work: Callable[[Any], Any]) -> Any:
        """What work makes of each side of a choice."""
        return self.choose(
            choice.condition,
            lambda: work(self.side_of(choice, holds=True)),
            lambda: work(self.side_of(choice, holds=False)),
        )

    def side_of(self, choice: Choice, *, holds: bool) -> Any:
        """A side of a choice, in rows of the current domain, all of which are that side's."""
        value = choice.then if holds else choice.otherwise
        with self.inside(choice.domain):
            rows = self.part(choice.condition, holds=holds)
        plain = isinstance(value, Nothing) or not isinstance(value, Symbolic | Array | Object)
        if self.domain.within(rows):
            return value
        if isinstance(value, Closure):
            raise RefusedError("it takes a function from one side of a choice into a list")
        if plain:
            return value
        return seen_from(self, rows, value)

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
            plain: The function of plain values, which may raise.
            vector: The function of values at least one of which is a symbol.
            span: The place, for refusals.
        """
        values = [self.settled(value) for value in values]
        for number, value in enumerate(values):
            if isinstance(value, Nothing):
                raise EvaluationError("this raises in every row", span)
            if isinstance(value, Choice):
                return self.distribute(value, self._with(values, number, plain, vector, span))
        if not any(isinstance(value, Symbolic) for value in values):
            return plain(*values)
        mapped = self._mapped(values, plain, span)
        return vector(values) if mapped is None else mapped[0]

    def _with(
        self,
        values: Sequence[Any],
        number: int,
        plain: Callable[..., Any],
        vector: Callable[[Sequence[Any]], Any],
        span: Span | None,
    ) -> Callable[[Any], Any]:
        def again(side: Any) -> Any:
            changed = [*values[:number], side, *values[number + 1 :]]
            return self.scalar(changed, plain, vector, span)

        return again

    def _mapped(
        self, values: Sequence[Any], plain: Callable[..., Any], span: Span | None
    ) -> tuple[Any] | None:
        """The function computed beforehand for each entry, where all that differs is picked."""
        symbols = [value for value in values if isinstance(value, Symbolic)]
        picks = [s for s in symbols if isinstance(s, Symbol) and s.node.type is Type.PICK]
        if len(picks) < len(symbols):
            return None
        codes = self._common_codes(picks)
        if codes is None:
            return None
        key, columns = codes
        if len(columns[0]) > MAX_ENTRIES:
            return None
        live = self.live(key.node)
        try:
            return (self._map_entries(key, columns, _Mapping(values, plain, live, span)),)
        except NotPlainError:
            return None

    def _common_codes(self, picks: Sequence[Symbol]) -> tuple[Symbol, list[Sequence[Any]]] | None:
        """A symbol whose codes tell the entries of all picks, and the entries by its codes."""
        groups: dict[Node, list[Symbol]] = {}
        for pick in picks:
            groups.setdefault(codes_of(pick.node), []).append(pick)
        if len(groups) == 1:
            return picks[0], [pick.node.entries for pick in picks]
        sizes = [len(group[0].node.entries) for group in groups.values()]
        if prod(sizes) > MAX_PAIRS:
            return None
        keys = list(groups)
        leaders = [group[0] for group in groups.values()]
        combinations = list(product(*map(range, sizes)))
        pairs = self.compute(
            "pairs", leaders, Type.PICK, parameters=tuple(sizes), entries=tuple(combinations)
        )
        columns = [
            [pick.node.entries[each[keys.index(codes_of(pick.node))]] for each in combinations]
            for pick in picks
        ]
        return pairs, list(columns)

    def _map_entries(self, key: Symbol, columns: Sequence[Sequence[Any]], mapping: _Mapping) -> Any:
        results: dict[int, Any] = {}
        failing: dict[int, EvaluationError] = {}
        for code in sorted(mapping.live):
            entries = iter([column[code] for column in columns])
            given = [
                self.plain.value(next(entries)) if isinstance(value, Symbolic) else value
                for value in mapping.values
            ]
            try:
                results[code] = self.plain.json(mapping.plain(*given))
            except EvaluationError as error:
                failing[code] = error
        if failing and not results:
            raise next(iter(failing.values()))
        if failing:
            self._raise_among(key, failing, mapping.span)
        return self._picked(key, len(columns[0]), results)

    def _raise_among(
        self, key: Symbol, failing: dict[int, EvaluationError], span: Span | None
    ) -> None:
        size = len(key.node.entries)
        raising = self.compute(
            "truth", [key], Type.BOOLEAN, parameters=tuple(code in failing for code in range(size))
        )
        first = next(iter(failing.values()))
        self.graph.raises(self.domain, self.lift(raising.node), str(first), span)

    def _picked(self, key: Symbol, size: int, results: dict[int, Any]) -> Any:
        first = next(iter(results.values()))
        plain = not isinstance(first, list | dict)
        if plain and all(same(each, first) for each in results.values()):
            return self.plain.value(first)
        entries = tuple(results.get(code, first) for code in range(size))
        return self.compute("entries", [key], Type.PICK, entries=entries)

    def cases(self, value: Symbol, work: Callable[[Any], Any], span: Span | None) -> Any:
        """What work makes of each entry of a pick, one after the other, each for its rows alone.

        Raises:
            RefusedError: it is no pick, or has too many entries.
        """
        node = value.node
        live = sorted(self.live(node)) if node.type is Type.PICK else []
        if not live or len(live) > MAX_CASES:
            raise RefusedError("a value that shapes others differs from event to event", span)
        code = live[0]
        if len(live) == 1:
            return work(self.plain.value(node.entries[code]))
        is_it = tuple(number == code for number in range(len(node.entries)))
        test = self.compute("entries", [value], Type.PICK, entries=is_it)
        return self.choose(
            test,
            lambda: work(self.plain.value(node.entries[code])),
            lambda: self.cases(value, work, span),
        )


def seen_from(tracer: Tracer, rows: Domain, value: Any) -> Any:
    """A value of other rows in the current domain, whose rows are all among them."""
    from eventer.plan.trace.views import View, row_in

    return View(tracer, rows, row_in(tracer, rows), rows)(value)


def _is_pick(value: Any) -> bool:
    return isinstance(value, Symbol) and value.node.type is Type.PICK


_OF_CODES: Final = frozenset({"entries", "truth", "typed", "pairs"})
"""Operations that take a pick's codes; others take values, so a pick must be typed before."""
_FILLING: Final = {"number": 0.0, "boolean": False, "string": ""}


def is_scalar(value: Any) -> bool:
    """Whether a value is null, a boolean, a number or a string, the same in all rows."""
    return value is None or isinstance(value, bool | float | str)


def _codes_with(entries: Sequence[Any], truth: bool) -> Iterator[int]:  # noqa: FBT001
    return (code for code, entry in enumerate(entries) if entry is truth)


def is_whole(value: Any) -> bool:
    """Whether a number is whole and exact in every row."""
    if isinstance(value, Symbol):
        node = value.node
        if node.type is Type.PICK:
            return all(is_whole(entry) for entry in node.entries)
        return node.type is Type.WHOLE
    if not isinstance(value, float) or not value.is_integer() or abs(value) >= EXACT:
        return False
    return value != 0 or str(value) == "0.0"


def bounds_of(value: Any) -> tuple[int, int] | None:
    """The least and the greatest value of a whole number, where known."""
    if isinstance(value, Symbol):
        node = value.node
        if node.type is Type.PICK and is_whole(value):
            return int(min(node.entries)), int(max(node.entries))
        return node.bounds
    return (int(value), int(value)) if is_whole(value) else None


EXACT: Final = float(1 << 53)

"""Merges the two sides of a condition: to a plain value, a column, or a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from eventer.plan.graph import Argument, Domain, Literal, Node, Type, codes_node
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, Symbolic, type_name_of
from eventer.plan.trace.conditions import condition_codes
from eventer.plan.trace.integer_bounds import bounds_of, is_integer
from eventer.plan.trace.plain_values import is_same_scalar

if TYPE_CHECKING:
    from eventer.plan.trace.tracer import Tracer

Side: TypeAlias = tuple[Any, Domain, Exception | None]
"""The value of a side (`ALWAYS_RAISES` if it raises), its rows, and its error."""

MAX_MERGED: Final = 64
"""Entries of two picks that become one."""
_ENTRIES_PER_STEP: Final = 16
_PLACEHOLDERS: Final = {"number": 0.0, "boolean": False, "string": ""}


def merge_sides(tracer: Tracer, condition: Symbol, mask: Node, then: Side, otherwise: Side) -> Any:
    """The merged value of both sides of a condition with the column `mask`.

    Raises:
        EvaluationError: both sides raise.
    """
    if then[2] is not None and otherwise[2] is not None:
        raise then[2]
    for _, part, error in (then, otherwise):
        if error is not None:
            tracer.graph.add_raising_rows(part, None, str(error))
    return _merge_values(tracer, condition, mask, then[:2], otherwise[:2])


def _merge_values(
    tracer: Tracer,
    condition: Symbol,
    mask: Node,
    then: tuple[Any, Domain],
    otherwise: tuple[Any, Domain],
) -> Any:
    one, other = then[0], otherwise[0]
    if one is other and not isinstance(one, Symbolic):
        return one
    if _is_scalar(one) and _is_scalar(other) and is_same_scalar(one, other):
        return one
    dictionary = _merged_entries(tracer, condition, one, other)
    if dictionary is None:
        dictionary = _merged_picks(tracer, mask, then, otherwise)
    if dictionary is not None:
        return dictionary
    kinds = {type_name_of(each) for each in (one, other) if not isinstance(each, AlwaysRaises)}
    if len(kinds) == 1 and kinds <= {"number", "boolean", "string"}:
        return _merged_columns(tracer, mask, then, otherwise, kinds.pop() or "")
    return Choice(tracer.domain, condition, one, other)


def _merged_entries(tracer: Tracer, condition: Symbol, one: Any, other: Any) -> Symbol | None:
    """A dictionary by the codes of the condition, if both sides depend only on them."""
    rows = condition_codes(condition)
    size = len(condition.node.entries) or 2
    columns = [_entries_by(rows.key, size, side) for side in (one, other)]
    if columns[0] is None or columns[1] is None:
        return None
    entries = tuple(
        columns[0][code] if code in rows.holds else columns[1][code] for code in range(size)
    )
    return tracer.compute("entries", [Symbol(condition.node)], Type.DICTIONARY, entries=entries)


def _entries_by(key: Node, size: int, side: Any) -> Sequence[Any] | None:
    if isinstance(side, Symbol):
        node = side.node
        by_key = (
            node.type is Type.DICTIONARY and codes_node(node) is key and len(node.entries) == size
        )
        return node.entries if by_key else None
    return [side] * size if _is_scalar(side) else None


def _merged_picks(
    tracer: Tracer, mask: Node, then: tuple[Any, Domain], otherwise: tuple[Any, Domain]
) -> Symbol | None:
    """A dictionary of what occurs on both sides, if that is few scalars with a text among them.

    Thus a pick stays a pick where conditions follow each other, as in a fold.
    """
    found = [_occurring(tracer, *side) for side in (then, otherwise)]
    if found[0] is None or found[1] is None:
        return None
    entries = dict.fromkeys(map(_Entry, [*found[0].values(), *found[1].values()]))
    if len(entries) > MAX_MERGED or not any(isinstance(each.value, str) for each in entries):
        return None
    merged = tuple(each.value for each in entries)
    places = {each: place for place, each in enumerate(entries)}
    tracer.charge(len(merged) // _ENTRIES_PER_STEP)
    arguments: list[Argument] = [mask]
    for (value, part), occurring in zip((then, otherwise), found, strict=True):
        codes = {code: places[_Entry(entry)] for code, entry in (occurring or {}).items()}
        with tracer.inside(part):
            arguments.append(_recoded(tracer, value, codes, merged))
    return Symbol(
        tracer.graph.node("merge", arguments, tracer.domain, Type.DICTIONARY, entries=merged)
    )


class _Entry:
    """A scalar that is equal to others of its type only; -0 and 0 differ."""

    __slots__ = ("_identity", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._identity = (value.__class__, str(value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Entry) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


def _occurring(tracer: Tracer, value: Any, part: Domain) -> dict[int, Any] | None:
    """The scalars of a side by code; None if it is of another kind."""
    if _is_scalar(value):
        return {0: value}
    if not isinstance(value, Symbol) or value.node.type is not Type.DICTIONARY:
        return None
    entries = value.node.entries
    with tracer.inside(part):
        live = {code: entries[code] for code in sorted(tracer.live(value.node))}
    return live if all(map(_is_scalar, live.values())) else None


def _recoded(
    tracer: Tracer, value: Any, codes: Mapping[int, int], merged: tuple[Any, ...]
) -> Argument:
    """The codes of a side for merged entries, in its domain."""
    if not isinstance(value, Symbol):
        return Literal(float(codes[0]))
    table = tuple(codes.get(code, 0) for code in range(len(value.node.entries)))
    node = tracer.lift(value.node)
    return tracer.graph.node(
        "recoded", (node,), tracer.domain, Type.DICTIONARY, parameters=table, entries=merged
    )


def _merged_columns(
    tracer: Tracer, mask: Node, then: tuple[Any, Domain], otherwise: tuple[Any, Domain], kind: str
) -> Symbol:
    sides = [value for value, _ in (then, otherwise) if not isinstance(value, AlwaysRaises)]
    result = _common_type(kind, sides)
    arguments: list[Argument] = [mask]
    for value, part in (then, otherwise):
        with tracer.inside(part):
            filled = _PLACEHOLDERS[kind] if isinstance(value, AlwaysRaises) else value
            arguments.append(tracer.argument(tracer.typed(filled, result)))
    bounds = _common_bounds(sides) if result is Type.INTEGER else None
    node = tracer.graph.node("merge", arguments, tracer.domain, result, bounds=bounds)
    return Symbol(node)


def _common_type(kind: str, values: Sequence[Any]) -> Type:
    if kind != "number":
        return Type.TEXT if kind == "string" else Type.BOOLEAN
    whole = all(is_integer(value) for value in values)
    return Type.INTEGER if whole else Type.NUMBER


def _common_bounds(values: Sequence[Any]) -> tuple[int, int] | None:
    found = [bounds_of(value) for value in values]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _is_scalar(value: Any) -> bool:
    """Whether a value is a plain null, boolean, number or string."""
    return value is None or isinstance(value, bool | float | str)

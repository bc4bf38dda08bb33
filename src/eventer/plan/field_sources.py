"""Finds the columns of a field of the event by its JSON pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import ColumnType, JsonValue
from eventer.core.pointer import Absent, parse_pointer, resolve
from eventer.core.written_part import OmittedFields, without_fields
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, force
from eventer.plan.graph import Domain, Type
from eventer.plan.row_program import BoundRowProgram
from eventer.plan.row_program_writer import (
    NOTHING,
    RowProgramWriter,
    without_fields_of_values,
)
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, SymbolicList, type_name_of
from eventer.plan.trace.row_views import nth
from eventer.plan.trace.traced_objects import OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer

_TEXTS: Final = frozenset({ColumnType.JSONB, ColumnType.KEY})


@dataclass(frozen=True, slots=True)
class TracedPart:
    """A part of the event, in the root domain, and its fields that are not written."""

    value: Any
    omitted: OmittedFields


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The value of a field in the rows of a domain, or the program that writes its text."""

    rows: Domain
    value: Any
    program: BoundRowProgram | None


def find_field_sources(
    tracer: Tracer, part: TracedPart, pointer: str, kind: ColumnType
) -> tuple[FieldSource, ...]:
    """The sources of a field; each row has exactly one."""
    tokens = parse_pointer(pointer)
    omitted = _omitted_at(part.omitted, tokens)
    found = None if omitted is None else value_at(tracer, part.value, tokens)
    return tuple(_sources(tracer, found, kind, omitted or NOTHING))


def _omitted_at(omitted: OmittedFields, tokens: Sequence[str]) -> OmittedFields | None:
    """The omitted fields of a field; None if it is omitted itself."""
    for token in tokens:
        inner = omitted.get(token, NOTHING)
        if inner is None:
            return None
        omitted = inner
    return omitted


def value_at(tracer: Tracer, value: Any, tokens: Sequence[str]) -> Any:
    """The value at a pointer; None if there is none, or all rows that have it raise."""
    try:
        return _at(tracer, value, tokens)
    except EvaluationError:
        return None


def _at(tracer: Tracer, value: Any, tokens: Sequence[str]) -> Any:
    """The value at a pointer; None if there is none.

    Raises:
        EvaluationError: all rows that have it raise.
    """
    value = tracer.simplified(force(value))
    if isinstance(value, AlwaysRaises):
        return None  # all these rows raise
    if not tokens:
        return value
    if isinstance(value, Choice):
        return tracer.distribute(value, lambda side: _at(tracer, side, tokens))
    if isinstance(value, Object):
        return _field(tracer, value, tokens)
    if isinstance(value, Array):
        position = _array_index(tokens[0])
        within = position is not None and position < len(value.items)
        return _at(tracer, value.items[position or 0], tokens[1:]) if within else None
    if isinstance(value, SymbolicList):
        return _element(tracer, value, tokens)
    return _of_entry(tracer, value, tokens) if isinstance(value, Symbol) else None


def _of_entry(tracer: Tracer, value: Symbol, tokens: Sequence[str]) -> Any:
    """The value at a pointer into a column of JSON values."""

    def part(entry: JsonValue) -> JsonValue:
        found = resolve(entry, tokens)
        return None if isinstance(found, Absent) else found

    if value.node.type is Type.VALUE:
        return tracer.compute("each", [value], Type.VALUE, parameters=(part,), label="a field")
    if value.node.type is not Type.DICTIONARY:
        return None
    entries = tuple(map(part, value.node.entries))
    return tracer.simplified(tracer.compute("entries", [value], Type.DICTIONARY, entries=entries))


def _array_index(token: str) -> int | None:
    plain = token.isascii() and token.isdigit() and (len(token) == 1 or token[0] != "0")
    return int(token) if plain else None


def _field(tracer: Tracer, value: Object, tokens: Sequence[str]) -> Any:
    name, rest = tokens[0], tokens[1:]
    if not isinstance(value, TracedObject):
        return _at(tracer, value.get(name), rest) if value.has(name, hidden=False) else None
    chain = dict(value.fields()).get(name)
    if chain is None:
        return None
    if not isinstance(chain[-1][1], OptionalMember):
        return _at(tracer, value.get(name), rest)
    return _optional(tracer, value, name, list(chain), rest)


def _optional(
    tracer: Tracer, value: TracedObject, name: str, chain: list[Any], rest: Sequence[str]
) -> Any:
    if not chain:
        return None
    number, member, _ = chain[0]
    return tracer.choose(
        member.condition,
        lambda: _at(tracer, value.part(number, member, name), rest),
        lambda: _optional(tracer, value, name, chain[1:], rest),
    )


def _element(tracer: Tracer, value: SymbolicList, tokens: Sequence[str]) -> Any:
    position = _array_index(tokens[0])
    if position is None:
        return None
    number = float(position)
    inside = tracer.compute("is_position", [number, tracer.list_length(value)], Type.BOOLEAN)
    return tracer.choose(
        inside, lambda: _at(tracer, nth(tracer, value, number), tokens[1:]), lambda: None
    )


def _sources(
    tracer: Tracer, value: Any, kind: ColumnType, omitted: OmittedFields
) -> list[FieldSource]:
    value = tracer.simplified(value)
    if isinstance(value, AlwaysRaises):
        value = None
    if isinstance(value, Choice):
        found = []
        for holds in (True, False):
            with tracer.inside(tracer.part(value.condition, holds=holds)):
                found += _sources(tracer, tracer.side_of(value, holds=holds), kind, omitted)
        return found
    if isinstance(value, Symbol):
        value = _without_fields(tracer, Symbol(tracer.lift(value.node)), omitted)
    program = None
    if kind in _TEXTS and _needs_program(value, kind):
        try:
            program = RowProgramWriter(tracer).program(value, omitted)
        except EvaluationError:
            value = None  # all of these rows raise
    return [FieldSource(tracer.domain, value, program)]


def _without_fields(tracer: Tracer, value: Symbol, omitted: OmittedFields) -> Symbol:
    """A column whose entries lack the omitted fields."""
    if not omitted or value.node.type not in {Type.DICTIONARY, Type.VALUE}:
        return value
    if value.node.type is Type.VALUE:
        return without_fields_of_values(tracer, value, omitted)
    entries = tuple(without_fields(entry, omitted) for entry in value.node.entries)
    return tracer.compute("entries", [value], Type.DICTIONARY, entries=entries)


def _needs_program(value: Any, kind: ColumnType) -> bool:
    if not isinstance(value, Symbol):
        return isinstance(value, SymbolicList | Array | Object)
    is_json = kind is ColumnType.JSONB
    if value.node.type is Type.VALUE:
        return is_json or type_name_of(value) in {"array", "object"}
    return is_json and type_name_of(value) == "string"

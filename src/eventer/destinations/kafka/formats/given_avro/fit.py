"""Whether the values of a template can fit a given Avro schema, as far as its types tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from eventer.core.field_values import ColumnTypeError
from eventer.core.pointer import format_pointer
from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
)
from eventer.destinations.kafka.formats.given_avro.encoder import GivenAvroEncoder, encode_scalar
from eventer.destinations.kafka.formats.given_avro.schema_types import (
    AvroArray,
    AvroDate,
    AvroDecimal,
    AvroEnum,
    AvroFixed,
    AvroInstant,
    AvroMap,
    AvroPrimitive,
    AvroRecord,
    AvroType,
    AvroUnion,
    avro_type_name,
)
from eventer.destinations.kafka.formats.unfit_value import type_name

_NUMBERS: Final = frozenset({"int", "long", "float", "double"})
_TEXTS: Final = frozenset({"string", "bytes"})
_PRIMITIVES: Final[Mapping[ScalarKind, frozenset[str]]] = {
    ScalarKind.BOOLEAN: frozenset({"boolean"}),
    ScalarKind.INTEGER: _NUMBERS,
    ScalarKind.NUMBER: _NUMBERS,
    ScalarKind.TEXT: _TEXTS,
    ScalarKind.UUID: _TEXTS,
    ScalarKind.TIMESTAMP: _TEXTS,
}
_OTHERS: Final[Mapping[ScalarKind, tuple[type, ...]]] = {
    ScalarKind.BOOLEAN: (),
    ScalarKind.INTEGER: (AvroInstant, AvroDate, AvroDecimal),
    ScalarKind.NUMBER: (AvroInstant, AvroDate, AvroDecimal),
    ScalarKind.TEXT: (AvroInstant, AvroDate, AvroDecimal, AvroEnum, AvroFixed),
    ScalarKind.UUID: (AvroFixed,),
    ScalarKind.TIMESTAMP: (AvroInstant, AvroDate, AvroFixed),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A part of events that cannot fit the schema; `tokens` lead to it in what is written."""

    tokens: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        where = f"the field {format_pointer(self.tokens)}" if self.tokens else "the value"
        return f"{where} {self.reason}"


def find_misfit(encoder: GivenAvroEncoder, derived: ValueSchema) -> Misfit | None:
    """The first part of a template's values that cannot fit; None if all can.

    A part that can be null, and fits otherwise, can fit; so can one of several types of which one
    fits.
    """
    return _FitCheck(encoder).misfit(encoder.schema.root, derived)


class _FitCheck:
    """Checks one schema, each pair of types once."""

    def __init__(self, encoder: GivenAvroEncoder) -> None:
        self._encoder = encoder
        self._known: dict[tuple[int, int], Misfit | None] = {}

    def misfit(self, kind: AvroType, derived: ValueSchema) -> Misfit | None:
        kind = self._encoder.schema.resolved(kind)
        key = id(kind), id(derived)
        if key not in self._known:
            self._known[key] = self._found(kind, derived)
        return self._known[key]

    def _found(self, kind: AvroType, derived: ValueSchema) -> Misfit | None:
        match derived, kind:
            case Optional(value=value), _:
                return self.misfit(kind, value)
            case Union(alternatives=alternatives), _:
                fits = any(self.misfit(kind, each) is None for each in alternatives)
                return None if fits else _misfit(kind, derived)
            case _, AvroUnion():
                return self._misfit_of_union(kind, derived)
            case ListOf(element=element), AvroArray(items=items):
                return self.misfit(items, element)
            case MapOf(value=value), AvroMap(values=values):
                return self.misfit(values, value)
            case MapOf(), AvroRecord():
                return None
            case Record(fields=fields), AvroMap(values=values):
                found = (_at(each.name, self.misfit(values, each.schema)) for each in fields)
                return next(filter(None, found), None)
            case Record(), AvroRecord():
                return next(self._misfits_of_record(kind, derived), None)
            case _:
                return None if _can_fit(kind, derived) else _misfit(kind, derived)

    def _misfit_of_union(self, union: AvroUnion, derived: ValueSchema) -> Misfit | None:
        """That of the only type that is alike, if there is one."""
        found = [self.misfit(each, derived) for each in union.branches]
        if None in found:
            return None
        alike = [each for each in found if each is not None and each.tokens]
        return alike[0] if len(alike) == 1 else _misfit(union, derived)

    def _misfits_of_record(self, record: AvroRecord, derived: Record) -> Iterator[Misfit]:
        given = {each.name: each for each in record.fields}
        for field in derived.fields:
            if field.name not in given:
                yield Misfit((field.name,), "is not in the given schema")
            elif found := self.misfit(given[field.name].type, field.schema):
                yield replace(found, tokens=(field.name, *found.tokens))
        names = {each.name for each in derived.fields}
        for each in record.fields:
            if each.name not in names and self._encoder.if_absent(each) is None:
                yield Misfit(
                    (each.name,), f"is missing, but has no default ({each.pointer}/default)"
                )


def _at(name: str, misfit: Misfit | None) -> Misfit | None:
    return None if misfit is None else replace(misfit, tokens=(name, *misfit.tokens))


def _misfit(kind: AvroType, derived: ValueSchema) -> Misfit:
    reason = f"is {type_name(derived)}, but the given schema has the type {avro_type_name(kind)}"
    return Misfit((), reason)


def _can_fit(kind: AvroType, derived: ValueSchema) -> bool:
    match derived:
        case Scalar(kind=ScalarKind.JSON):
            return True
        case Scalar(kind=scalar) if isinstance(kind, AvroPrimitive):
            return kind.name in _PRIMITIVES[scalar]
        case Scalar(kind=scalar):
            return isinstance(kind, _OTHERS[scalar])
        case Choice(texts=texts):
            return any(_takes_text(kind, text) for text in texts)
        case _:
            return False


def _takes_text(kind: AvroType, text: str) -> bool:
    try:
        encode_scalar(kind, text)
    except ColumnTypeError:
        return False
    return True

"""Encodes a value by a given Avro schema, in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeGuard

from eventer.core.field_values import ColumnTypeError
from eventer.core.model import JsonValue
from eventer.core.pointer import parse_pointer
from eventer.destinations.kafka.formats.avro_scalars import (
    encode_block,
    encode_boolean,
    encode_bytes,
    encode_double,
    encode_fixed,
    encode_float,
    encode_int,
    encode_long,
    encode_string,
    varint,
)
from eventer.destinations.kafka.formats.given_avro.logical_types import (
    encode_date,
    encode_decimal,
    encode_instant,
)
from eventer.destinations.kafka.formats.given_avro.schema_types import (
    AvroArray,
    AvroDate,
    AvroDecimal,
    AvroEnum,
    AvroField,
    AvroFixed,
    AvroInstant,
    AvroMap,
    AvroPrimitive,
    AvroRecord,
    AvroReference,
    AvroSchema,
    AvroType,
    AvroUnion,
    PrimitiveName,
    avro_type_name,
)
from eventer.destinations.kafka.formats.schema_text_error import SchemaTextError
from eventer.destinations.kafka.formats.unfit_value import (
    MissingFieldError,
    UnfitValueError,
    UnknownFieldError,
)

MAX_DEFAULT_SIZE: Final = 100_000
"""Values and characters in the defaults of a schema: small schemas can have huge ones."""

Tokens = tuple[str | int, ...]


class GivenAvroEncoder:
    """Encodes values by one schema.

    Fields of a record are found by name, and written in the order of the schema. A field that is
    absent has its default, or is null if its type takes null. Of a union, the first type that
    takes the value is written; of records, the first that has the names of the object's fields.
    """

    def __init__(self, schema: AvroSchema) -> None:
        """Reads the defaults.

        Raises:
            SchemaTextError: a default does not fit its type.
        """
        self.schema = schema
        self._defaults: dict[str, bytes | None] = {}
        self._default_size = 0
        for each in (schema.root, *schema.named.values()):
            self._read_defaults(each)

    def __call__(self, value: JsonValue) -> bytes:
        """The encoding of a value.

        Raises:
            ValueError: the value does not fit the schema; the error says where.
        """
        try:
            return self._value(self.schema.root, value, ())
        except RecursionError:
            raise ValueError("the value is nested too deeply") from None

    def if_absent(self, field: AvroField) -> bytes | None:
        """What is written for a field that is absent; None if it must not be."""
        return self._defaults[field.pointer]

    def _value(self, kind: AvroType, value: JsonValue, tokens: Tokens) -> bytes:
        match kind:
            case AvroReference(name=name):
                return self._value(self.schema.named[name], value, tokens)
            case AvroUnion():
                return self._union(kind, value, tokens)
            case AvroArray(items=items) if _is_array(value):
                return encode_block(
                    [self._value(items, v, (*tokens, n)) for n, v in enumerate(value)]
                )
            case AvroMap(values=values) if isinstance(value, Mapping):
                return encode_block(
                    [
                        encode_string(name) + self._value(values, value[name], (*tokens, name))
                        for name in sorted(value)
                    ]
                )
            case AvroRecord() if isinstance(value, Mapping):
                return self._record(kind, value, tokens)
        try:
            return encode_scalar(kind, value)
        except ColumnTypeError:
            expected = f"of the type {avro_type_name(kind)}"
            raise UnfitValueError(tokens, expected, value) from None

    def _union(self, union: AvroUnion, value: JsonValue, tokens: Tokens) -> bytes:
        number = self._branch(union.branches, value)
        if number is None:
            raise UnfitValueError(tokens, f"of the type {avro_type_name(union)}", value)
        return varint(number) + self._value(union.branches[number], value, tokens)

    def _branch(self, branches: Sequence[AvroType], value: JsonValue) -> int | None:
        """The number of the first type that takes a value, as far as it tells without its parts."""
        resolved = list(map(self.schema.resolved, branches))
        for number, each in enumerate(resolved):
            if self._takes(each, value):
                return number
        records = [n for n, each in enumerate(resolved) if isinstance(each, AvroRecord)]
        return records[0] if len(records) == 1 and isinstance(value, Mapping) else None

    def _takes(self, kind: AvroType, value: JsonValue) -> bool:
        match kind:
            case AvroRecord(fields=fields):
                return isinstance(value, Mapping) and self._has_names(fields, value)
            case AvroMap():
                return isinstance(value, Mapping)
            case AvroArray():
                return _is_array(value)
        try:
            encode_scalar(kind, value)
        except ColumnTypeError:
            return False
        return True

    def _has_names(self, fields: Sequence[AvroField], value: Mapping[str, JsonValue]) -> bool:
        """Whether an object has no other fields, and all that have no default."""
        names = {each.name for each in fields}
        return names.issuperset(value) and all(
            each.name in value or self._defaults[each.pointer] is not None for each in fields
        )

    def _record(self, record: AvroRecord, value: Mapping[str, JsonValue], tokens: Tokens) -> bytes:
        names = {field.name for field in record.fields}
        for name in value:
            if name not in names:
                raise UnknownFieldError((*tokens, name))
        # A list: recursion in a generator would take the stack of C.
        return b"".join([self._field(each, value, tokens) for each in record.fields])

    def _field(self, field: AvroField, value: Mapping[str, JsonValue], tokens: Tokens) -> bytes:
        if field.name in value:
            return self._value(field.type, value[field.name], (*tokens, field.name))
        default = self._defaults[field.pointer]
        if default is None:
            raise MissingFieldError((*tokens, field.name), field.pointer)
        return default

    def _read_defaults(self, kind: AvroType) -> None:
        match kind:
            case AvroArray(items=inner) | AvroMap(values=inner):
                self._read_defaults(inner)
            case AvroUnion(branches=branches):
                for each in branches:
                    self._read_defaults(each)
            case AvroRecord(fields=fields):
                for field in fields:
                    if field.pointer not in self._defaults:
                        self._defaults[field.pointer] = self._encoded_default(field)
                        self._read_defaults(field.type)
            case _:
                pass

    def _encoded_default(self, field: AvroField) -> bytes | None:
        if not field.has_default:
            absent = self.schema.takes_null(field.type)
            return self._value(field.type, None, ()) if absent else None
        try:
            return self._default(field.type, field.default)
        except (ValueError, OverflowError, RecursionError):
            path = parse_pointer(field.pointer)
            reason = f"the default is not of the type {avro_type_name(field.type)}"
            if self._default_size > MAX_DEFAULT_SIZE:
                reason = f"the defaults have more than {MAX_DEFAULT_SIZE:,} values and characters"
            raise SchemaTextError((*path, "default"), reason) from None

    def _default(self, kind: AvroType, value: JsonValue) -> bytes:
        """The encoding of a default, in which logical types do not count."""
        self._default_size += 1 + _characters(value)
        if self._default_size > MAX_DEFAULT_SIZE:
            raise ColumnTypeError
        match kind:
            case AvroReference(name=name):
                return self._default(self.schema.named[name], value)
            case AvroUnion(branches=branches):
                return self._default_of_union(branches, value)
            case AvroArray(items=items) if _is_array(value):
                return encode_block([self._default(items, each) for each in value])
            case AvroMap(values=values) if isinstance(value, Mapping):
                return encode_block(
                    [
                        encode_string(name) + self._default(values, value[name])
                        for name in sorted(value)
                    ]
                )
            case AvroRecord(fields=fields) if isinstance(value, Mapping):
                return b"".join([self._default_of_field(each, value) for each in fields])
            case AvroInstant():
                return encode_long(value)
            case AvroDate():
                return encode_int(value)
            case AvroDecimal(size=size):
                return encode_bytes(value) if size is None else encode_fixed(value, size)
            case _:
                return encode_scalar(kind, value)

    def _default_of_union(self, branches: Sequence[AvroType], value: JsonValue) -> bytes:
        for number, each in enumerate(branches):
            try:
                return varint(number) + self._default(each, value)
            except ColumnTypeError:
                continue
        raise ColumnTypeError

    def _default_of_field(self, field: AvroField, value: Mapping[str, JsonValue]) -> bytes:
        if field.name in value:
            return self._default(field.type, value[field.name])
        if field.has_default:
            return self._default(field.type, field.default)
        raise ColumnTypeError


def _is_array(value: JsonValue) -> TypeGuard[Sequence[JsonValue]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _characters(value: JsonValue) -> int:
    """Those of a text, or of the names in an object."""
    match value:
        case str():
            return len(value)
        case Mapping():
            return sum(map(len, value))
        case _:
            return 0


def encode_scalar(kind: AvroType, value: JsonValue) -> bytes:
    """The encoding of a value by a type without parts.

    Raises:
        ColumnTypeError: it does not fit.
    """
    match kind:
        case AvroPrimitive(name=name):
            return _PRIMITIVES[name](value)
        case AvroEnum(symbols=symbols) if value in symbols:
            return varint(symbols.index(value))
        case AvroFixed(size=size):
            return encode_fixed(value, size)
        case AvroInstant(unit=unit):
            return encode_instant(value, unit)
        case AvroDate():
            return encode_date(value)
        case AvroDecimal():
            return encode_decimal(value, kind)
        case _:
            raise ColumnTypeError


def _null(value: JsonValue) -> bytes:
    if value is not None:
        raise ColumnTypeError
    return b""


_PRIMITIVES: Final[Mapping[PrimitiveName, Callable[[JsonValue], bytes]]] = {
    "null": _null,
    "boolean": encode_boolean,
    "int": encode_int,
    "long": encode_long,
    "float": encode_float,
    "double": encode_double,
    "bytes": encode_bytes,
    "string": encode_string,
}

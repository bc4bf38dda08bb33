"""The messages of a schema in Protocol Buffers: names, numbers and types of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from hashlib import blake2b
from typing import Final, TypeAlias

from eventer.core.errors import DestinationRejectedError
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
from eventer.destinations.kafka.formats.schema_names import NameSet, as_name, is_name

_LEAST_NUMBER: Final = 1 << 18
_NUMBERS: Final = (1 << 25) - _LEAST_NUMBER
"""Tags, which are a number and a wire type, have four bytes. Reserved numbers are less."""
_TEXT: Final = Scalar(ScalarKind.TEXT)
_PACKAGE: Final = "google"
"""The package of `Timestamp`, which no message of a file that imports it can be called."""


class WireType(IntEnum):
    """How the value after a tag is encoded."""

    VARINT = 0
    EIGHT_BYTES = 1
    LENGTH = 2


class Repetition(Enum):
    """How many values a field has."""

    SINGLE = "single"
    REPEATED = "repeated"
    MAP = "map"


class MessageKind(Enum):
    """What of an event a message is.

    RECORD is an object with known fields, UNION a value of one of several types, and WRAPPER any
    other value where only a message can be: in its only field.
    """

    RECORD = "record"
    UNION = "union"
    WRAPPER = "wrapper"


@dataclass(frozen=True, slots=True)
class EnumEntry:
    """A text, and its symbol and number."""

    text: str
    symbol: str
    number: int


@dataclass(frozen=True, slots=True)
class EnumType:
    """One of a few texts; `zero` is the symbol of the number 0, which no event has."""

    name: str
    zero: str
    entries: tuple[EnumEntry, ...]
    schema: Choice


@dataclass(frozen=True, slots=True)
class MessageField:
    """A field: `name` is that in the event, `label` that in the message.

    A field that is `nullable` is not written if the value is null or absent.
    """

    name: str
    label: str
    number: int
    type: FieldType
    schema: ValueSchema
    repetition: Repetition = Repetition.SINGLE
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message, with its fields in the order of the names in the event."""

    name: str
    kind: MessageKind
    fields: tuple[MessageField, ...]
    schema: ValueSchema


FieldType: TypeAlias = Scalar | EnumType | Message


def message_layout(schema: ValueSchema, name: str) -> Message:
    """The message of values of a schema; one that is not an object is in a field `value`.

    The number of a field depends only on its name, and that of an entry of an enum on its text: a
    changed template leaves the numbers of the others as they are.

    Raises:
        DestinationRejectedError: two names of one object have the same number.
    """
    schema = schema.value if isinstance(schema, Optional) else schema
    name = f"{name}_" if name == _PACKAGE else name
    if isinstance(schema, Record):
        return _record(schema, name)
    return _union(schema, name) if isinstance(schema, Union) else _wrapper(schema, name)


def wire_type(kind: FieldType) -> WireType:
    """How values of a type are encoded."""
    match kind:
        case EnumType() | Scalar(kind=ScalarKind.BOOLEAN | ScalarKind.INTEGER):
            return WireType.VARINT
        case Scalar(kind=ScalarKind.NUMBER):
            return WireType.EIGHT_BYTES
        case _:
            return WireType.LENGTH


def is_packed(field: MessageField) -> bool:
    """Whether the values of a repeated field are together under one tag."""
    return field.repetition is Repetition.REPEATED and wire_type(field.type) != WireType.LENGTH


def tag(field: MessageField) -> bytes:
    """What precedes the value of a field."""
    packed = field.repetition is Repetition.MAP or is_packed(field)
    return tag_bytes(field.number, WireType.LENGTH if packed else wire_type(field.type))


def tag_bytes(number: int, wire: WireType) -> bytes:
    """A field's number and wire type."""
    return unsigned_varint(number << 3 | wire)


def unsigned_varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers are in two's complement."""
    rest = value & (1 << 64) - 1
    encoded = bytearray()
    while rest >= 0x80:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def stable_number(name: str) -> int:
    """The number of a field or of an entry of an enum: a hash of its name in the event."""
    digest = blake2b(name.encode(errors="surrogatepass"), digest_size=8).digest()
    return _LEAST_NUMBER + int.from_bytes(digest, "big") % _NUMBERS


def stable_numbers(names: Iterable[str]) -> Mapping[str, int]:
    """The numbers of names.

    Raises:
        DestinationRejectedError: two are equal.
    """
    names_by_number: dict[int, str] = {}
    for name in names:
        known = names_by_number.setdefault(stable_number(name), name)
        if known != name:
            raise DestinationRejectedError(
                f"{known!r} and {name!r} have the same number in Protocol Buffers",
                hint="rename one of them, or choose another format: numbers depend on names alone",
            )
    return {name: number for number, name in names_by_number.items()}


def label_key(label: str) -> str:
    """What must be unique in a message: labels that differ in it have different names in JSON."""
    return label.replace("_", "").lower()


def _record(record: Record, name: str) -> Message:
    names = [field.name for field in record.fields]
    numbers, labels = stable_numbers(names), _labels(names)
    scope = _Scope(labels)
    return Message(
        name,
        MessageKind.RECORD,
        tuple(
            scope.field(field.name, label, numbers[field.name], field.schema)
            for field, label in zip(record.fields, labels, strict=True)
        ),
        record,
    )


def _union(union: Union, name: str) -> Message:
    labels = [_ALTERNATIVES[_kind(each)][0] for each in union.alternatives]
    scope = _Scope(labels)
    fields = tuple(
        scope.alternative(*_ALTERNATIVES[_kind(each)], each) for each in union.alternatives
    )
    return Message(name, MessageKind.UNION, fields, union)


def _wrapper(schema: ValueSchema, name: str) -> Message:
    field = _Scope(["value"]).field("value", "value", 1, schema)
    return Message(name, MessageKind.WRAPPER, (field,), schema)


class _Scope:
    """Names inside a message: its fields have theirs, its types and symbols get some.

    The compiler puts each optional field in a `oneof` with its name after an underscore.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._names = NameSet()
        for name in (*labels, *(f"_{label}" for label in labels)):
            self._names.add(name)

    def field(self, name: str, label: str, number: int, schema: ValueSchema) -> MessageField:
        nullable = isinstance(schema, Optional)
        inner = schema.value if isinstance(schema, Optional) else schema
        base = label[:1].upper() + label[1:]
        repetition = Repetition.SINGLE
        match inner:
            case ListOf(element=element):
                repetition, kind = Repetition.REPEATED, self._type(element, f"{base}Item")
            case MapOf(value=value):
                repetition, kind = Repetition.MAP, self._type(value, f"{base}Value")
            case _:
                kind = self._type(inner, base)
        return MessageField(name, label, number, kind, schema, repetition, nullable)

    def alternative(self, label: str, number: int, schema: ValueSchema) -> MessageField:
        """A field of a `oneof`, which is neither repeated nor a map."""
        kind = self._type(schema, label[:1].upper() + label[1:])
        return MessageField(label, label, number, kind, schema)

    def _type(self, schema: ValueSchema, name: str) -> FieldType:
        """The type of one value, which is a message if no other type can have the value."""
        match schema:
            case Scalar():
                return schema
            case Optional(value=Scalar(kind=ScalarKind.JSON) as anything):
                return anything
            case Choice() if all(map(is_name, schema.texts)):
                return self._enum(schema, self._names.add(name))
            case Choice():
                return _TEXT
            case Record():
                return _record(schema, self._names.add(name))
            case Union():
                return _union(schema, self._names.add(name))
            case _:
                return _wrapper(schema, self._names.add(name))

    def _enum(self, choice: Choice, name: str) -> EnumType:
        labels = _labels([f"{name}_UNSPECIFIED", *(f"{name}_{text}" for text in choice.texts)])
        zero, *symbols = map(self._names.add, labels)
        numbers = stable_numbers(choice.texts)
        entries = tuple(
            EnumEntry(text, symbol, numbers[text])
            for text, symbol in zip(choice.texts, symbols, strict=True)
        )
        return EnumType(name, zero, entries, choice)


_ALTERNATIVES: Final[Mapping[ScalarKind | type[ValueSchema], tuple[str, int]]] = {
    ScalarKind.BOOLEAN: ("boolean", 1),
    ScalarKind.INTEGER: ("integer", 2),
    ScalarKind.NUMBER: ("number", 3),
    ScalarKind.TEXT: ("text", 4),
    ScalarKind.UUID: ("uuid", 5),
    ScalarKind.TIMESTAMP: ("timestamp", 6),
    Choice: ("choice", 7),
    ListOf: ("list", 8),
    MapOf: ("map", 9),
    Record: ("object", 10),
}
"""The label and number of each alternative of a union."""


def _kind(schema: ValueSchema) -> ScalarKind | type[ValueSchema]:
    return schema.kind if isinstance(schema, Scalar) else type(schema)


def _labels(names: Iterable[str]) -> list[str]:
    """Labels with different keys (`label_key`), also from those of the types of maps."""
    taken: set[str] = set()
    labels = []
    for name in names:
        label = candidate = _label(name)
        number = 2
        while not taken.isdisjoint(_keys(candidate)):
            candidate = f"{label}_{number}"
            number += 1
        taken |= _keys(candidate)
        labels.append(candidate)
    return labels


def _label(name: str) -> str:
    """A name of letters, digits and underscores whose first other character is a letter."""
    label = as_name(name)
    return label if label.lstrip("_")[:1].isalpha() else f"field{label}"


def _keys(label: str) -> set[str]:
    """The keys of a field and, if it is a map, of the type of its entries."""
    return {label_key(label), f"{label_key(label)}entry"}

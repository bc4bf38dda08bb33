"""Types of an Avro schema that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventer.core.model import JsonValue

PrimitiveName: TypeAlias = Literal[
    "null", "boolean", "int", "long", "float", "double", "bytes", "string"
]
InstantUnit: TypeAlias = Literal["millis", "micros"]


@dataclass(frozen=True, slots=True)
class AvroPrimitive:
    """A type without parts, and without a logical type that Eventer knows."""

    name: PrimitiveName


@dataclass(frozen=True, slots=True)
class AvroInstant:
    """A `long` that counts from 1970 in UTC: `timestamp-millis` or `timestamp-micros`."""

    unit: InstantUnit


@dataclass(frozen=True, slots=True)
class AvroDate:
    """An `int` of the logical type `date`: days since 1970."""


@dataclass(frozen=True, slots=True)
class AvroDecimal:
    """A decimal of at most `precision` digits, `scale` of them after the point.

    It is `bytes`, or `fixed` of `size` bytes.
    """

    precision: int
    scale: int
    size: int | None = None


@dataclass(frozen=True, slots=True)
class AvroFixed:
    """Exactly `size` bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class AvroEnum:
    """One of some texts, which is written as its number."""

    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AvroArray:
    """An array."""

    items: AvroType


@dataclass(frozen=True, slots=True)
class AvroMap:
    """An object of any field names."""

    values: AvroType


@dataclass(frozen=True, slots=True)
class AvroField:
    """A field of a record. `default` is only there if `has_default`.

    `pointer` leads to it in the schema.
    """

    name: str
    type: AvroType
    pointer: str
    has_default: bool = False
    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class AvroRecord:
    """An object with these fields, in this order."""

    name: str
    fields: tuple[AvroField, ...]


@dataclass(frozen=True, slots=True)
class AvroUnion:
    """A value of one of several types."""

    branches: tuple[AvroType, ...]


@dataclass(frozen=True, slots=True)
class AvroReference:
    """A named type that the schema defines elsewhere."""

    name: str


AvroType: TypeAlias = (
    AvroPrimitive
    | AvroInstant
    | AvroDate
    | AvroDecimal
    | AvroFixed
    | AvroEnum
    | AvroArray
    | AvroMap
    | AvroRecord
    | AvroUnion
    | AvroReference
)


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """The type of values, and the named types that it refers to."""

    root: AvroType
    named: Mapping[str, AvroType]

    def resolved(self, found: AvroType) -> AvroType:
        """A type, of a reference the one that it names."""
        return self.named[found.name] if isinstance(found, AvroReference) else found

    def takes_null(self, found: AvroType) -> bool:
        """Whether a type has null among its values."""
        match found:
            case AvroPrimitive(name="null"):
                return True
            case AvroUnion(branches=branches):
                return any(self.takes_null(each) for each in branches)
            case _:
                return False


def avro_type_name(found: AvroType) -> str:
    """A type in the words of an error message."""
    match found:
        case AvroPrimitive(name=name):
            return name
        case AvroInstant(unit=unit):
            return f"timestamp-{unit}"
        case AvroDate():
            return "date"
        case AvroDecimal(precision=precision, scale=scale):
            return f"decimal({precision}, {scale})"
        case AvroFixed(size=size):
            return f"fixed({size})"
        case AvroEnum(symbols=symbols):
            return f"enum ({', '.join(symbols[:5])}{', …' if len(symbols) > 5 else ''})"
        case AvroArray():
            return "array"
        case AvroMap():
            return "map"
        case AvroRecord(name=name) | AvroReference(name=name):
            return name
        case AvroUnion(branches=branches):
            names = [avro_type_name(each) for each in branches[:5]]
            return " or ".join([*names, "…"] if len(branches) > 5 else names)

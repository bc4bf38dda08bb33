"""What is known of the records of a source: their fields, and the domain of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from eventer.core.model import JsonValue


class FieldType(StrEnum):
    """The type of a field."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    DATE = "date"
    TIME = "time"
    UUID = "uuid"
    BYTES = "bytes"
    OBJECT = "object"
    ARRAY = "array"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class KeySequence:
    """A key: `start`, `start` + 1 and so on."""

    start: int


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers from `least` to `most` with at most `decimals`.

    With `sigma` they are log-normal around `median`; otherwise uniform.
    """

    least: float
    most: float
    decimals: int | None = None
    median: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values. `weights` say how frequent each is.

    `placeholders`: the values are not those of the source, only their number and frequencies are.
    """

    values: tuple[JsonValue, ...]
    weights: tuple[int, ...] | None = None
    placeholders: bool = False


@dataclass(frozen=True, slots=True)
class Probability:
    """How often a boolean is true."""

    true: float


@dataclass(frozen=True, slots=True)
class TextPattern:
    """Text that matches a regular expression. `inferred`: from values, not from a schema."""

    regex: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class WordCount:
    """Text of so many words."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Times between two instants, in seconds since 1970."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ScheduledTime:
    """The scheduled time of the event. `distinct`: no two events have the same."""

    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """A time from `least` to `most` seconds after another field, in steps of `step` seconds."""

    after: str
    least: int
    most: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class OffsetFromField:
    """A number that is from `least` to `most` greater than another field."""

    over: str
    least: float
    most: float
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class EventReference:
    """The field of an event of another template. Fields with one `local` are of one event."""

    record: str
    field: str
    local: str


@dataclass(frozen=True, slots=True)
class EarlierEvent:
    """The key of an earlier event of the same template; keys begin at `start`.

    `or_own`: or that of the event itself, so that the first event has one, too.
    """

    start: int
    or_own: bool = False


@dataclass(frozen=True, slots=True)
class ObjectFields:
    """The fields of an object."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an array. `as_text`: written as PostgreSQL writes arrays."""

    item: Field
    least: int = 1
    most: int = 3
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class NullOnly:
    """Always null, because no value is known to be valid."""


Domain: TypeAlias = (
    KeySequence
    | NumberRange
    | Choice
    | Probability
    | TextPattern
    | WordCount
    | TimeRange
    | ScheduledTime
    | Delay
    | OffsetFromField
    | EventReference
    | EarlierEvent
    | ObjectFields
    | Items
    | NullOnly
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field. Without a domain, its name and type decide on its values.

    `null_share` and `absent_share` say in which part of the records it is null or missing. `notes`
    say what is not known, or not followed.
    """

    name: str
    type: FieldType
    domain: Domain | None = None
    null_share: float = 0.0
    absent_share: float = 0.0
    unique: bool = False
    max_length: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The records of one source.

    `source` says where they are from, `key` names the fields of the key, `rows` is how many records
    there are, if that is known. A record whose values are not objects has one field without a name.
    """

    name: str
    source: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    rows: int | None = None
    notes: tuple[str, ...] = ()

    def references(self) -> Iterator[str]:
        """The names of the records that it refers to, each once."""
        domains = [field.domain for field in self.fields]
        yield from dict.fromkeys(d.record for d in domains if isinstance(d, EventReference))

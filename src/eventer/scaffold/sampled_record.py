"""Records from samples: the types, frequencies and ranges of the fields of JSON values."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from eventer.core.model import JsonValue
from eventer.scaffold.field_names import is_event_time, snake_case
from eventer.scaffold.record import (
    Field,
    FieldType,
    Items,
    KeySequence,
    NumberRange,
    ObjectFields,
    Record,
)
from eventer.scaffold.sampled_domains import MIN_SAMPLE, sampled_domain, share

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_MAX_ITEMS: Final = 20


def sampled_record(
    name: str, values: Sequence[JsonValue], source: str, *, keep_values: bool = False
) -> Record:
    """The record of a sample of values. Its key is an identifier that differs in all of them."""
    sampler = FieldSampler(keep_values=keep_values)
    where = f"{source}, {len(values):,} records"
    if not all(isinstance(value, dict) for value in values):
        return Record(name, where, (sampler.field("", values, len(values)),))
    fields = tuple(_with_key(each, values, name) for each in sampler.members(values))
    key = next((field.name for field in fields if isinstance(field.domain, KeySequence)), None)
    key = key or next((f.name for f in fields if _is_key(f.name, name) and f.unique), None)
    return Record(name, where, fields, () if key is None else (key,), len(values))


def _with_key(field: Field, values: Sequence[Any], record: str) -> Field:
    """The field; if it is an identifier that differs in all values, it stays one."""
    found = [value[field.name] for value in values if value.get(field.name) is not None]
    if not _is_key(field.name, record) or len(found) < len(values):
        return field
    if len(values) < MIN_SAMPLE or len(set(map(str, found))) < len(found):
        return field
    if field.type is FieldType.INTEGER:
        return Field(field.name, field.type, KeySequence(1), notes=field.notes)
    return Field(field.name, field.type, field.domain, unique=field.type is FieldType.TEXT)


def _is_key(name: str, record: str) -> bool:
    word = snake_case(record)
    names = {"id", "key", "uuid", "guid", f"{word}_id", f"{word.removesuffix('s')}_id"}
    return snake_case(name) in names


class FieldSampler:
    """Makes fields of samples. With `keep_values`, frequent values are taken over."""

    def __init__(self, *, keep_values: bool) -> None:
        self._keep_values = keep_values

    def members(self, objects: Sequence[Any]) -> tuple[Field, ...]:
        """The fields of objects, in the order in which they come first."""
        names = dict.fromkeys(name for each in objects for name in each)
        return tuple(
            self.field(name, [each[name] for each in objects if name in each], len(objects))
            for name in names
        )

    def field(self, name: str, found: Sequence[JsonValue], total: int) -> Field:
        """The field with these values, which is absent in the others of the total.

        Of values of several types, those of the most frequent one count.
        """
        present = [value for value in found if value is not None]
        kinds = Counter(map(json_type, present))
        type_ = _joint_type(kinds)
        values = [value for value in present if _fits(json_type(value), type_)]
        mixed = len(present) - len(values)
        notes = (f"{mixed:,} of {len(present):,} values have another type.",) if mixed else ()
        return Field(
            name,
            type_,
            self._domain(name, type_, values),
            null_share=share(len(found) - len(present), len(found)),
            absent_share=share(total - len(found), total),
            notes=notes,
        )

    def _domain(self, name: str, type_: FieldType, values: Sequence[Any]) -> Any:
        match type_:
            case FieldType.OBJECT:
                return ObjectFields(self.members(values))
            case FieldType.ARRAY:
                return self._items(name, values)
            case FieldType.TIMESTAMP | FieldType.DATE:
                values = [seconds for seconds in map(time_seconds, values) if seconds is not None]
        domain = sampled_domain(type_, values, snake_case(name), keep_values=self._keep_values)
        if isinstance(domain, NumberRange) and is_event_time(name):
            return None
        return domain

    def _items(self, name: str, arrays: Sequence[Any]) -> Items:
        items = [item for array in arrays for item in array]
        lengths = [min(len(array), _MAX_ITEMS) for array in arrays]
        item = self.field(name.removesuffix("s") or "item", items, len(items))
        return Items(item, min(lengths), max(lengths))


def json_type(value: Any) -> FieldType:
    """The type of a JSON value that is not null; that of a text by its form."""
    match value:
        case bool():
            return FieldType.BOOLEAN
        case int():
            return FieldType.INTEGER
        case float():
            return FieldType.INTEGER if value.is_integer() else FieldType.NUMBER
        case dict():
            return FieldType.OBJECT
        case list():
            return FieldType.ARRAY
    return text_type(value)


def text_type(text: str) -> FieldType:
    """The type of a text by its form."""
    for pattern, type_ in (
        (_UUID, FieldType.UUID),
        (_DATE, FieldType.DATE),
        (_TIMESTAMP, FieldType.TIMESTAMP),
    ):
        if pattern.fullmatch(text) and (type_ is FieldType.UUID or time_seconds(text) is not None):
            return type_
    return FieldType.TEXT


_TEXTS: Final = (FieldType.TEXT, FieldType.UUID, FieldType.DATE, FieldType.TIMESTAMP)


def _joint_type(kinds: Counter[FieldType]) -> FieldType:
    """The most frequent type, which includes integers among numbers, and UUIDs among texts."""
    if not kinds:
        return FieldType.ANY
    ((first, _),) = kinds.most_common(1)
    if first is FieldType.INTEGER and kinds[FieldType.NUMBER]:
        return FieldType.NUMBER
    if first in _TEXTS and len([each for each in kinds if each in _TEXTS]) > 1:
        return FieldType.TEXT
    return first


def _fits(found: FieldType, type_: FieldType) -> bool:
    if type_ is FieldType.NUMBER:
        return found in (FieldType.INTEGER, FieldType.NUMBER)
    return found in _TEXTS if type_ is FieldType.TEXT else found is type_


def time_seconds(text: str) -> float | None:
    """The seconds since 1970 of a date or a time, in UTC without a zone; None of other texts."""
    try:
        if _DATE.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        else:
            found = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return seconds if math.isfinite(seconds) else None

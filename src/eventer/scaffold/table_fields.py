"""The fields of a table's columns: their types, and their domains from labels and samples."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from eventer.destinations.postgres.described_table import DescribedColumn
from eventer.scaffold.record import Choice, Domain, Field, FieldType, Items, TextPattern
from eventer.scaffold.sampled_domains import sampled_domain, share, weights
from eventer.scaffold.sampled_record import FieldSampler

_TYPES: Final = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), FieldType.INTEGER),
    **dict.fromkeys(("numeric", "float4", "float8"), FieldType.NUMBER),
    **dict.fromkeys(("timestamp", "timestamptz"), FieldType.TIMESTAMP),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext", "tsvector"), FieldType.TEXT),
    **dict.fromkeys(("json", "jsonb"), FieldType.ANY),
    **dict.fromkeys(("time", "timetz"), FieldType.TIME),
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "uuid": FieldType.UUID,
    "bytea": FieldType.BYTES,
}
_PATTERNS: Final = {
    "inet": r"10\.\d{1,2}\.\d{1,2}\.\d{1,2}",
    "cidr": r"10\.\d{1,2}\.\d{1,2}\.0/24",
    "macaddr": "([0-9a-f]{2}:){5}[0-9a-f]{2}",
    "interval": r"\d{1,2} hours",
    "point": r"\(\d{1,2},\d{1,2}\)",
    "money": r"\d{1,3}\.\d{2}",
    "xml": "<a>[a-z]{5}</a>",
}
_ENUM: Final = "E"
_ARRAY: Final = "A"
_MAX_ITEMS: Final = 20


def column_field(
    column: DescribedColumn, texts: Sequence[str | None], *, keep_values: bool
) -> Field | None:
    """The field of a column, from a sample of its values; None if its type has no known values."""
    type_ = _type(column.base, column.category)
    if column.base == "tsvector" and not column.required:
        return None
    if type_ is None:
        return None
    values = [text for text in texts if text is not None]
    field = Field(
        column.name,
        type_,
        null_share=0.0 if column.required else share(len(texts) - len(values), len(texts)),
        max_length=column.max_length,
    )
    if type_ is FieldType.ANY:
        return _json_field(field, values, keep_values=keep_values)
    if type_ is FieldType.ARRAY:
        items = _array(column, values, keep_values=keep_values)
        return None if items is None else replace(field, domain=items)
    domain = _domain(column, type_, values, keep_values=keep_values)
    return replace(field, domain=domain)


def _type(base: str, category: str) -> FieldType | None:
    if category == _ARRAY:
        return FieldType.ARRAY
    return FieldType.TEXT if category == _ENUM or base in _PATTERNS else _TYPES.get(base)


def _domain(
    column: DescribedColumn, type_: FieldType, texts: Sequence[str], *, keep_values: bool
) -> Domain | None:
    if column.category == _ENUM:
        return labels_choice(column.labels, texts)
    if column.base in _PATTERNS:
        return TextPattern(_PATTERNS[column.base])
    if column.base == "tsvector":
        return None
    return sampled_domain(type_, parsed(type_, texts), column.name, keep_values=keep_values)


def labels_choice(labels: Sequence[str | float], texts: Iterable[str]) -> Choice:
    """One of the labels of an enum, as frequent as in the sample; all if there is none."""
    counts = Counter(texts)
    used = [label for label in labels if counts[str(label)]]
    if not used:
        return Choice(tuple(labels))
    return Choice(tuple(used), weights([counts[str(label)] for label in used]))


def parsed(type_: FieldType, texts: Iterable[str]) -> list[Any]:
    """The values of texts from PostgreSQL; without infinite ones."""
    convert = _PARSERS.get(type_, str)
    values = [convert(text) for text in texts]
    return [value for value in values if not isinstance(value, float) or math.isfinite(value)]


_PARSERS: Final[dict[FieldType, Callable[[str], Any]]] = {
    FieldType.INTEGER: int,
    FieldType.NUMBER: float,
    FieldType.BOOLEAN: lambda text: text.startswith("t"),
    FieldType.TIMESTAMP: float,
    FieldType.DATE: float,
}


def _json_field(field: Field, texts: Sequence[str], *, keep_values: bool) -> Field:
    found = [json.loads(text) for text in texts]
    made = FieldSampler(keep_values=keep_values).field(field.name, found, len(found))
    return replace(made, null_share=field.null_share, absent_share=0.0)


def _array(column: DescribedColumn, texts: Sequence[str], *, keep_values: bool) -> Items | None:
    """The items of arrays, which are JSON in the sample."""
    type_ = _type(column.item_base, column.item_category)
    if type_ in (None, FieldType.ANY, FieldType.ARRAY, FieldType.BYTES):
        return None
    arrays = [json.loads(text) for text in texts]
    values = [item for array in arrays for item in array if not isinstance(item, list | None)]
    item = Field(column.name.removesuffix("s"), type_)
    if column.item_category == _ENUM:
        item = replace(item, domain=labels_choice(column.labels, map(str, values)))
    elif type_ not in (FieldType.TIMESTAMP, FieldType.DATE):
        domain = sampled_domain(type_, values, item.name, keep_values=keep_values)
        item = replace(item, domain=domain)
    lengths = [min(len(array), _MAX_ITEMS) for array in arrays] or [1, 3]
    return Items(item, min(lengths), max(lengths), as_text=True)

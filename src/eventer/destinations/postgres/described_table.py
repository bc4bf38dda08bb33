"""What is known of a table: columns, keys, references, checks, and a sample of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventer.destinations.postgres.identifiers import TableName


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column. `base` is the name of its type, below a domain, and `item_base` of its items.

    `labels` are those of an enum; `checks` are those of a domain.
    """

    name: str
    type: str
    base: str
    category: str
    item_base: str
    item_category: str
    required: bool
    has_default: bool
    generated: bool
    max_length: int | None
    scale: int | None
    precision: int | None
    labels: Sequence[str]
    checks: Sequence[str]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that refer to columns of another table."""

    columns: tuple[str, ...]
    table: TableName
    referenced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A table. `largest` has the largest value of each integer column that is unique.

    `sample` has the values of each column as text; times as seconds since 1970, arrays as JSON.
    """

    name: TableName
    columns: tuple[DescribedColumn, ...]
    primary_key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[str, ...]
    rows: int
    largest: Mapping[str, int]
    sample: Mapping[str, Sequence[str | None]]

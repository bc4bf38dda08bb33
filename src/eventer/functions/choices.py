"""`get_one_of`: one of a few values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import shown
from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    FunctionSpec,
    Parameter,
    ReturnType,
    RowContext,
)
from eventer.kernels import draw

MAX_ITEMS: Final = 1_000_000
"""The most items of a text; an array of more exceeds the limits of an event."""


@dataclass(frozen=True, slots=True)
class OneOf(BoundCall):
    """One of the entries, each equally likely."""

    entries: tuple[JsonValue, ...]

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        codes = draw.integer_column(key, context.index, 0, len(self.entries) - 1)
        return DictionaryColumn(codes, self.entries)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return self.entries[draw.draw(key, row.index) * len(self.entries) >> 64]


def items_of(text: str) -> tuple[str, ...]:
    """The items of a text: separated by commas and trimmed if it has a comma, else by white space.

    Empty items are dropped: a comma at the end does not add a choice.

    Raises:
        EvaluationError: the text has too many items.
    """
    items = text.split("," if "," in text else None, MAX_ITEMS)
    if len(items) > MAX_ITEMS:
        raise EvaluationError(f"get_one_of: 'items' has more than {MAX_ITEMS:,} items")
    return tuple(filter(None, map(str.strip, items)))


def _entries(argument: JsonValue) -> tuple[JsonValue, ...]:
    if isinstance(argument, str):
        return items_of(argument)
    if isinstance(argument, Sequence):
        return tuple(argument)
    raise EvaluationError(
        f"get_one_of: 'items' must be text or an array, not {shown(argument)}",
        hint='write get_one_of("red, green, blue") or get_one_of([1, 2, 3])',
    )


def _one_of(arguments: Sequence[JsonValue]) -> BoundCall:
    entries = _entries(arguments[0])
    if not entries:
        raise EvaluationError(
            "get_one_of: 'items' is empty",
            hint='write at least one item, such as get_one_of("red, green, blue")',
        )
    return OneOf(entries)


GET_ONE_OF: Final = FunctionSpec(
    name="get_one_of",
    parameters=(
        Parameter(
            "items",
            "text or an array",
            "comma-separated text, else text separated by white space, or an array of any values",
        ),
    ),
    return_type=ReturnType.JSON,
    items=_entries,
    doc="One of the items, each equally likely; an item written twice is twice as likely. Text "
    "with a comma in it is separated by commas, each item trimmed; other text is separated by "
    "white space; empty items do not count. Items of text are text: for numbers, and for items "
    "with commas, give an array.",
    examples=(
        'get_one_of("ru, us, jp, cn")',
        'get_one_of("small large")',
        "get_one_of([1, 2, 3])",
    ),
    bind=_one_of,
)

"""`get_one_of`: one of a few values, each equally likely or by weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import constant_number, shown
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
from eventer.kernels.draw.weighted_picks import WeightTable

MAX_ITEMS: Final = 1_000_000
"""The most items of a text; an array of more exceeds the limits of an event."""
_WEIGHTS_HINT: Final = 'write get_one_of(["a", "b"], [3, 1]) or get_one_of({ a: 3, b: 1 })'


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


@dataclass(frozen=True, slots=True)
class WeightedOneOf(BoundCall):
    """One of the entries, by weights."""

    entries: tuple[JsonValue, ...]
    table: WeightTable

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return DictionaryColumn(self.table.column(key, context.index), self.entries)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return self.entries[self.table.pick(draw.draw(key, row.index))]


def items_of(text: str, function: str = "get_one_of") -> tuple[str, ...]:
    """The items of a text: separated by commas and trimmed if it has a comma, else by white space.

    Empty items are dropped: a comma at the end does not add a choice.

    Raises:
        EvaluationError: the text has too many items.
    """
    items = text.split("," if "," in text else None, MAX_ITEMS)
    if len(items) > MAX_ITEMS:
        raise EvaluationError(f"{function}: 'items' has more than {MAX_ITEMS:,} items")
    return tuple(filter(None, map(str.strip, items)))


def list_items(
    function: str, argument: JsonValue, types: str = "text or an array"
) -> tuple[JsonValue, ...]:
    """The items of a text or an array; there is at least one. An error names the `types`.

    Raises:
        EvaluationError: it is neither, or has no items.
    """
    if isinstance(argument, str):
        items: tuple[JsonValue, ...] = items_of(argument, function)
    elif isinstance(argument, Sequence):
        items = tuple(argument)
    else:
        raise EvaluationError(
            f"{function}: 'items' must be {types}, not {shown(argument)}",
            hint=f'write {function}("red, green, blue") or {function}([1, 2, 3])',
        )
    return _not_empty(function, items)


def _not_empty(function: str, items: tuple[JsonValue, ...]) -> tuple[JsonValue, ...]:
    if items:
        return items
    raise EvaluationError(
        f"{function}: 'items' is empty",
        hint=f'write at least one item, such as {function}("red, green, blue")',
    )


def _entries(argument: JsonValue) -> tuple[JsonValue, ...]:
    """The items; those of an object are its keys by code point."""
    if isinstance(argument, Mapping):
        return _not_empty("get_one_of", tuple(sorted(argument)))
    return list_items("get_one_of", argument, "text, an array or an object")


def _one_of(arguments: Sequence[Any]) -> BoundCall:
    items, weights = arguments
    entries = _entries(items)
    if isinstance(items, Mapping):
        if weights is not None:
            raise EvaluationError(
                "get_one_of: 'items' is an object, which already contains the weights",
                hint=_WEIGHTS_HINT,
            )
        weights = [items[item] for item in entries]
    return OneOf(entries) if weights is None else _weighted(entries, weights)


def _weighted(entries: tuple[JsonValue, ...], weights: JsonValue) -> BoundCall:
    """A choice by weights; entries whose weight is zero are left out."""
    if isinstance(weights, str | Mapping) or not isinstance(weights, Sequence):
        raise EvaluationError(
            f"get_one_of: 'weights' must be an array of numbers, not {shown(weights)}",
            hint=_WEIGHTS_HINT,
        )
    if len(weights) != len(entries):
        raise EvaluationError(
            f"get_one_of: 'weights' has {len(weights)} numbers for {len(entries)} items",
            hint="give one weight per item",
        )
    numbers = [_weight(each) for each in weights]
    kept = [number for number, weight in enumerate(numbers) if weight > 0]
    if not kept:
        raise EvaluationError(
            "get_one_of: all weights are zero", hint="give a weight greater than zero to an item"
        )
    table = WeightTable.of([numbers[number] for number in kept])
    return WeightedOneOf(tuple(entries[number] for number in kept), table)


def _weight(value: JsonValue) -> float:
    weight = constant_number("get_one_of", "weights", value)
    if weight < 0:
        raise EvaluationError(
            f"get_one_of: 'weights' has {shown(value)}, which is below zero",
            hint="give weights of zero or more",
        )
    return weight


GET_ONE_OF: Final = FunctionSpec(
    name="get_one_of",
    parameters=(
        Parameter(
            "items",
            "text, an array or an object",
            "comma-separated text, else text separated by white space; or an array of any values; "
            "or an object of weights by item",
        ),
        Parameter(
            "weights",
            "an array of numbers",
            "how often to choose each item, relative to their sum",
            None,
        ),
    ),
    return_type=ReturnType.JSON,
    items=_entries,
    doc="One of the items, each equally likely or by weights. Text with a comma in it is separated "
    "by commas, each item trimmed; other text is separated by white space; empty items do not "
    "count. Items of text are text: for numbers, and for items with commas, give an array.\n\n"
    "Without weights each item is equally likely; an item written twice is twice as likely. With "
    "weights an item is as likely as its part of their sum: weights are zero or more, and one of "
    "them is greater than zero. `get_one_of({ a: 3, b: 1 })` is `get_one_of(['a', 'b'], [3, 1])`, "
    "with the keys ordered by code point. An array of objects is an array of items.",
    examples=(
        'get_one_of("ru, us, jp, cn")',
        'get_one_of("small large")',
        "get_one_of([1, 2, 3])",
        "get_one_of({ paid: 90, refunded: 8, disputed: 2 })",
        "get_one_of([200, 404, 500], [97, 2, 1])",
    ),
    bind=_one_of,
)

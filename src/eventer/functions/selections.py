"""`get_some_of` and `get_shuffled`: several of a few values, none more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.choices import list_items
from eventer.functions.columns import Column, ListColumn
from eventer.functions.numbers import integers_between
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    Bounds,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
)
from eventer.kernels import draw
from eventer.kernels.draw.selections import select

MAX_ITEMS: Final = 10_000
"""Elements of one list in one event that the plan computes."""
_COUNT: Final = 0
_ORDER: Final = 1


@dataclass(frozen=True, slots=True)
class Selection(BoundCall):
    """From `least` to `most` of the entries in random order, each at most once."""

    entries: tuple[JsonValue, ...]
    least: args.Integers
    most: args.Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        counts = self._counts(draw.child_key(key, _COUNT), context.index)
        order = draw.child_key(key, _ORDER)
        codes = select(order, context.index, counts, len(self.entries))
        return ListColumn(counts, codes, self.entries)

    def _counts(self, key: draw.Key, index: draw.Index) -> args.IntegerArray:
        least, most = self.least, self.most
        if isinstance(least, int) and isinstance(most, int) and least == most:
            return np.full(len(index), most, dtype=np.int64)
        return integers_between(key, index, least, most)


def _items(function: str, argument: JsonValue) -> tuple[JsonValue, ...]:
    items = list_items(function, argument)
    if len(items) > MAX_ITEMS:
        raise EvaluationError(
            f"{function}: 'items' has {len(items):,} items, more than {MAX_ITEMS:,}",
            hint="call get_one_of for each element, which may choose an item twice",
        )
    return items


def _some_of(arguments: Sequence[Any]) -> BoundCall:
    items = _items("get_some_of", arguments[0])
    least = args.whole("get_some_of", "min", arguments[1])
    most = args.whole("get_some_of", "max", arguments[2])
    args.require(
        (least >= 0) & (least <= most),
        lambda row: EvaluationError(
            f"get_some_of: 'min' is {args.shown(args.at(least, row))} and 'max' is "
            f"{args.shown(args.at(most, row))}: they must be 0 or more, the lower one first",
            hint="write get_some_of(items, 1, 3) for one to three of the items",
        ),
    )
    args.require(
        most <= len(items),
        lambda row: EvaluationError(
            f"get_some_of: 'max' is {args.shown(args.at(most, row))}, but there are "
            f"{len(items):,} items",
            hint="no item is chosen twice: lower 'max' to the number of items",
        ),
    )
    return Selection(items, least, most)


def _shuffled(arguments: Sequence[Any]) -> BoundCall:
    items = _items("get_shuffled", arguments[0])
    return Selection(items, len(items), len(items))


def _lengths(items: Bounds | None, least: Bounds | None, most: Bounds | None) -> Bounds | None:
    if items is None:
        return None
    low = 0 if least is None else max(least[0], 0)
    return low, items[1] if most is None else min(most[1], items[1])


_ITEMS: Final = Parameter(
    "items", "text or an array", "the items, written as for `get_one_of`; at most 10,000"
)

GET_SOME_OF: Final = FunctionSpec(
    name="get_some_of",
    parameters=(
        _ITEMS,
        Parameter("min", "a whole number", "the fewest items", column=ColumnKind.INTEGER),
        Parameter("max", "a whole number", "the most items", column=ColumnKind.INTEGER),
    ),
    return_type=ReturnType.ARRAY,
    items=partial(_items, "get_some_of"),
    bounds=_lengths,
    doc="An array of `min` to `max` of the items, each number of them equally likely. No item is "
    "chosen twice, each is equally likely, and their order is random. An item written twice is "
    "two items.",
    examples=('get_some_of("red, green, blue", 1, 2)', "get_some_of([10, 20, 30], 0, 3)"),
    bind=_some_of,
)

GET_SHUFFLED: Final = FunctionSpec(
    name="get_shuffled",
    parameters=(_ITEMS,),
    return_type=ReturnType.ARRAY,
    items=partial(_items, "get_shuffled"),
    bounds=lambda items: items,
    doc="An array of all items in random order, each order equally likely.",
    examples=('get_shuffled("red, green, blue")', "get_shuffled([1, 2, 3, 4])"),
    bind=_shuffled,
)

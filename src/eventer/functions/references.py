"""`get_event_of`: an event of another stream or an earlier one of the same, picked by its index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, ClassVar, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.limits import MAX_POPULATION
from eventer.core.model import EarlierPopulation, FixedPopulation, Population
from eventer.core.suggestions import did_you_mean
from eventer.functions import arguments as args
from eventer.functions.arguments import Integers
from eventer.functions.columns import Column, IntegerColumn
from eventer.functions.distributions import Counts
from eventer.functions.numbers import Integer
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

PICKS: Final = ("uniform", "recent", "zipf")
_NAME: Final = "get_event_of"
_EXPONENT: Final = 1.0


@dataclass(frozen=True, slots=True)
class ZipfIndex(BoundCall):
    """An index of [0, count): the k-th most popular one is as likely as 1 / k.

    The most popular index is the first, or the last if `recent`.
    """

    count: Integers
    recent: bool

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        ranks = Counts("zipf", (self.count, _EXPONENT)).column(key, context)
        assert isinstance(ranks, IntegerColumn)
        values = ranks.values
        return IntegerColumn(self.count - values if self.recent else values - 1)


@dataclass(frozen=True, slots=True)
class GivenIndex(BoundCall):
    """The given index, one for all rows or one per row."""

    may_raise: ClassVar[bool] = True
    index: Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        index = np.broadcast_to(np.asarray(self.index, dtype=np.int64), context.rows)
        return IntegerColumn(np.ascontiguousarray(index))


def _pick(population: FixedPopulation, arguments: Sequence[Any]) -> BoundCall:
    name, pick, count, index = arguments
    name = args.text(_NAME, "name", name)
    size = _size(name, population, count)
    return _call(
        name, pick, size, index, f"take the remainder, such as index % {size}, or raise 'count'"
    )


def _pick_known(hint: str, arguments: Sequence[Any]) -> BoundCall:
    """A call whose last argument is the number of events, which differs between rows."""
    name, pick, count, index, population = arguments
    name = args.text(_NAME, "name", name)
    size: Integers = MAX_POPULATION
    if population is not None:
        size = np.minimum(args.whole(_NAME, "population", population), MAX_POPULATION)
    if count is not None:
        size = np.minimum(size, _checked_count(args.constant_whole(_NAME, "count", count, 1000)))
    return _call(name, pick, size, index, hint)


def _call(name: str, pick: Any, size: Integers, index: Any, hint: str) -> BoundCall:
    if index is not None:
        if pick != PICKS[0]:
            raise EvaluationError(
                f"{_NAME}: 'pick' cannot be combined with 'index'", hint="omit one of the two"
            )
        return GivenIndex(_checked_index(name, args.whole(_NAME, "index", index), size, hint))
    if pick not in PICKS:
        raise EvaluationError(
            f"{_NAME}: 'pick' must be 'uniform', 'recent' or 'zipf', not {args.shown(pick)}",
            hint=did_you_mean(str(pick), PICKS),
        )
    return Integer(0, size - 1) if pick == "uniform" else ZipfIndex(size, pick == "recent")


def _size(name: str, population: FixedPopulation, count: Any) -> int:
    """The number of events to pick from."""
    known = population.count
    if count is None and known is None:
        raise EvaluationError(
            f"{_NAME}: {name!r} needs a 'count': it has no schedule that says how many events "
            "there are",
            hint=f"write {_NAME}({args.shown(name)}, count=1000)",
        )
    size = known if count is None else args.constant_whole(_NAME, "count", count, 1000)
    assert size is not None
    _checked_count(size)
    if known is not None and size > known:
        raise EvaluationError(
            f"{_NAME}: 'count' is {size}, but {name!r} has {known} events",
            hint="leave 'count' out to pick from all of them",
        )
    return size


def _checked_count(count: int) -> int:
    if not 1 <= count <= MAX_POPULATION:
        raise EvaluationError(f"{_NAME}: 'count' must be from 1 to 1e12, not {args.shown(count)}")
    return count


def _checked_index(name: str, index: Integers, size: Integers, hint: str) -> Integers:
    args.require(
        np.greater_equal(index, 0) & np.less(index, size),
        lambda row: EvaluationError(
            f"{_NAME}: there is no event {args.shown(args.at(index, row))} of {name!r}: its "
            f"events are 0 to {args.at(size, row) - 1}",
            hint=hint,
        ),
    )
    return index


@lru_cache(maxsize=256)
def _picks(population: Population) -> FunctionSpec:
    """The function that picks an index of a population."""
    if isinstance(population, EarlierPopulation):
        return GET_INDEX_OF_EARLIER
    if not isinstance(population, FixedPopulation):
        return GET_INDEX_OF_GROWING
    return replace(
        GET_EVENT_OF,
        return_type=ReturnType.INTEGER,
        bind=partial(_pick, population),
        bounds=partial(_bounds, population),
        picks=None,
    )


def _bounds(
    population: FixedPopulation,
    _name: Bounds | None,
    _pick: Bounds | None,
    count: Bounds | None,
    _index: Bounds | None,
) -> Bounds | None:
    size = population.count if count is None else count[1]
    return None if size is None else (0, size - 1)


def _growing_bounds(
    _name: Bounds | None,
    _pick: Bounds | None,
    count: Bounds | None,
    _index: Bounds | None,
    _population: Bounds | None,
) -> Bounds:
    return (0, (MAX_POPULATION if count is None else count[1]) - 1)


def _checked(arguments: Sequence[Any]) -> BoundCall:
    """A call whose stream is not known: any number of events may exist."""
    known = FixedPopulation(MAX_POPULATION if arguments[2] is None else None)
    return _pick(known, arguments)


GET_EVENT_OF: Final = FunctionSpec(
    name=_NAME,
    parameters=(
        Parameter(
            "name",
            "text",
            "the name of the other event, written in the call: an event of the same request, or "
            "the name or id of a generator",
        ),
        Parameter(
            "pick",
            "text",
            "which of its events: `uniform`; `recent` (newer events are more likely: the "
            "weight of the "
            "*k*-th newest is 1 / *k*); or `zipf` (a few events are chosen most: the weight of "
            "event *k* - 1 is 1 / *k*)",
            "uniform",
        ),
        Parameter(
            "count",
            "a whole number",
            "how many events to pick from: the first `count`, from 1 to 1e12; if omitted, those "
            "that exist",
            None,
        ),
        Parameter(
            "index",
            "a whole number",
            "the index of the event; it cannot be combined with a `pick` other than `uniform`",
            None,
            column=ColumnKind.INTEGER,
        ),
    ),
    return_type=ReturnType.OBJECT,
    doc="An event of another stream, so that streams join: the same event as the stream itself "
    "would deliver at that index. Only the fields that are read are computed, and all fields of "
    "one call are of the same event: bind it with `local` to read several. If the other event "
    "raises an error there, so does this one. Under its own name, an event reads an earlier event "
    "of its stream: one of `index` 0 to `get_index() - 1`; event 0 gets null.",
    examples=(
        "get_event_of('customers', count=1000).id",
        "get_event_of('customers', 'zipf', 1000).name",
        "get_event_of('customers', count=1000, index=get_index() % 1000).id",
    ),
    bind=_checked,
    picks=_picks,
)

GET_INDEX_OF_GROWING: Final = replace(
    GET_EVENT_OF,
    parameters=(
        *GET_EVENT_OF.parameters,
        Parameter(
            "population",
            "a whole number",
            "how many events exist",
            None,
            column=ColumnKind.INTEGER,
        ),
    ),
    return_type=ReturnType.INTEGER,
    bind=partial(
        _pick_known,
        "an event can be referred to from 1 s after it is due: choose a smaller index, or use "
        "`pick` without `index`",
    ),
    bounds=_growing_bounds,
    picks=None,
)
"""The function that picks an index of a population that grows."""

GET_INDEX_OF_EARLIER: Final = replace(
    GET_INDEX_OF_GROWING,
    bind=partial(
        _pick_known,
        "an event can refer only to earlier events of its own stream: choose an index from 0 to "
        "get_index() - 1",
    ),
)
"""The function that picks an index among the earlier events of a stream; there is at least one."""

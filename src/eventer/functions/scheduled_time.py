"""`get_now`, `get_epoch` and `get_duration`: the scheduled time, and lengths of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args
from eventer.functions.calendar import rfc3339
from eventer.functions.columns import Column, FloatColumn, IntegerColumn, TimestampColumn
from eventer.functions.durations import Nanoseconds, nanoseconds
from eventer.functions.numbers import EXACT, integers_between
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
)
from eventer.kernels import draw

_DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_NS_PER_US: Final = 1_000
_INT64: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Now(BoundCall):
    """The scheduled time and an offset, as text with `digits` decimals of a second."""

    may_raise: ClassVar[bool] = True
    digits: int
    offset: Nanoseconds

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        units = _moved("get_now", context.scheduled, self.offset) // 10 ** (9 - self.digits)
        return TimestampColumn(units, self.digits, rfc3339(units, self.digits))


@dataclass(frozen=True, slots=True)
class Epoch(BoundCall):
    """The scheduled time and an offset, in whole units since 1970."""

    may_raise: ClassVar[bool] = True
    digits: int
    offset: Nanoseconds

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        units = _moved("get_epoch", context.scheduled, self.offset) // 10 ** (9 - self.digits)
        args.require(np.abs(units) <= EXACT, lambda _: _too_far("get_epoch"))
        return IntegerColumn(units)


@dataclass(frozen=True, slots=True)
class Duration(BoundCall):
    """Seconds from `low` to `high` microseconds, in whole microseconds."""

    low: args.Integers
    high: args.Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        drawn = integers_between(key, context.index, self.low, self.high)
        return FloatColumn(drawn / 1e6)


def _moved(function: str, scheduled: NDArray[np.int64], offset: Nanoseconds) -> NDArray[np.int64]:
    """The scheduled times and an offset, within the years of 64-bit nanoseconds."""
    near = scheduled.astype(np.float64) + offset
    args.require(np.abs(near) < _INT64 - 2048, lambda _: _too_far(function))
    return scheduled + offset


def _too_far(function: str) -> EvaluationError:
    return EvaluationError(
        f"{function}: 'offset' is too far from the event's time",
        hint="stay within the years 1678 to 2261",
    )


def _unit(function: str, name: str, value: Any, units: Mapping[str, int]) -> int:
    if isinstance(value, str) and value in units:
        return units[value]
    raise EvaluationError(
        f"{function}: {name!r} must be one of {', '.join(units)}, not {args.shown(value)}",
        hint=f'write {function}("ms")',
    )


def offset_argument(function: str, value: Any) -> Nanoseconds:
    """The argument of `OFFSET` in nanoseconds."""
    return 0 if value is None else nanoseconds(function, "offset", value)


def _now(arguments: Sequence[Any]) -> BoundCall:
    digits = _unit("get_now", "precision", arguments[0], _DIGITS)
    return Now(digits, offset_argument("get_now", arguments[1]))


def _epoch(arguments: Sequence[Any]) -> BoundCall:
    units = {unit: digits for unit, digits in _DIGITS.items() if unit != "ns"}
    digits = _unit("get_epoch", "unit", arguments[0], units)
    return Epoch(digits, offset_argument("get_epoch", arguments[1]))


def _duration(arguments: Sequence[Any]) -> BoundCall:
    low, high = (
        nanoseconds("get_duration", name, value)
        for name, value in zip(("lo", "hi"), arguments, strict=True)
    )
    args.require(
        low <= high,
        lambda row: EvaluationError(
            f"get_duration: 'lo' is {_seconds(low, row)}, which is above 'hi', "
            f"{_seconds(high, row)}",
            hint="give the shorter one first",
        ),
    )
    args.require(
        -(-low // _NS_PER_US) <= high // _NS_PER_US,
        lambda row: EvaluationError(
            f"get_duration: no whole microsecond is between 'lo', {_seconds(low, row)}, and 'hi', "
            f"{_seconds(high, row)}",
            hint="allow a wider range, or whole microseconds as ends",
        ),
    )
    return Duration(_microseconds(low), _microseconds(high))


def _seconds(duration: Nanoseconds, row: int) -> str:
    return f"{args.at(duration, row) / 1e9:.9g} s"


def _microseconds(duration: Nanoseconds) -> args.Integers:
    """To the nearest one."""
    return (duration + _NS_PER_US // 2) // _NS_PER_US


OFFSET: Final = Parameter(
    "offset",
    "a duration",
    "added to the time; negative for an earlier one",
    None,
    column=ColumnKind.NUMBER,
)
_DURATIONS: Final = (
    "A duration is text in Go's notation (`1h30m`, `250ms`), perhaps after whole weeks and days "
    "(`1w2d12h`), or a number of seconds; a sign may be in front of the text. Durations that "
    "differ between events are numbers."
)

GET_NOW: Final = FunctionSpec(
    name="get_now",
    parameters=(
        Parameter("precision", "`s`, `ms`, `us` or `ns`", "the decimals of a second", "ms"),
        OFFSET,
    ),
    return_type=ReturnType.TIMESTAMP,
    doc="The time that the event is scheduled for, in RFC 3339 and UTC "
    f"(`2021-12-01T13:00:00.000Z`), cut to the precision.\n\n{_DURATIONS}",
    examples=("get_now()", 'get_now("s")', 'get_now("ms", -30)', 'get_now("ms", "5m")'),
    bind=_now,
    is_random=False,
    time_dependent=True,
)

GET_EPOCH: Final = FunctionSpec(
    name="get_epoch",
    parameters=(
        Parameter("unit", "`s`, `ms` or `us`", "the unit of the number", "ms"),
        OFFSET,
    ),
    return_type=ReturnType.INTEGER,
    doc="The time that the event is scheduled for, as a whole number of units since "
    "1970-01-01T00:00:00Z. Nanoseconds are beyond the numbers that JSON readers hold exactly: "
    f'`get_now("ns")` writes them.\n\n{_DURATIONS}',
    examples=("get_epoch()", 'get_epoch("s")', 'get_epoch("ms", "-1h")'),
    bind=_epoch,
    is_random=False,
    time_dependent=True,
)

GET_DURATION: Final = FunctionSpec(
    name="get_duration",
    parameters=(
        Parameter("lo", "a duration", "the shortest duration", column=ColumnKind.NUMBER),
        Parameter("hi", "a duration", "the longest duration", column=ColumnKind.NUMBER),
    ),
    return_type=ReturnType.NUMBER,
    doc="A number of seconds from `lo` to `hi`, both included, in whole microseconds, each equally "
    "likely. The ends are rounded to whole microseconds; at least one is between them. It "
    f"fits the `offset` of `get_now` and `get_epoch`.\n\n{_DURATIONS}",
    examples=('get_duration("50ms", "2s")', "get_duration(0, 90)"),
    bind=_duration,
)

"""The domain of a field from a sample of its values: ranges and frequencies, not the values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean, median, pstdev
from typing import Any, Final

from eventer.core.model import JsonValue
from eventer.scaffold.record import (
    Choice,
    Domain,
    FieldType,
    NumberRange,
    Probability,
    TextPattern,
    TimeRange,
    WordCount,
)
from eventer.scaffold.text_patterns import common_pattern

MIN_SAMPLE: Final = 5
"""With fewer values, nothing is said about frequencies."""
_MAX_CHOICES: Final = 20
_MIN_REPEATS: Final = 3
_MIN_CODES: Final = 3
_MAX_WEIGHT: Final = 1000
_MAX_DECIMALS: Final = 6
_SKEWED: Final = 8
_MAX_WHOLE: Final = 2**62
_MAX_NUMBER: Final = 1e300
_DAY: Final = 86_400
_FIRST_DAY: Final = -719_162  # 0001-01-01
_LAST_DAY: Final = 2_932_896  # 9999-12-31
_SMALL: Final = 100
_MAX_WORDS: Final = 60


def sampled_domain(
    type_: FieldType, values: Sequence[Any], name: str, *, keep_values: bool
) -> Domain | None:
    """The domain of values without null; None if they say nothing.

    With `keep_values`, a few frequent values are taken over. Times are seconds since 1970.
    """
    if not values:
        return None
    match type_:
        case FieldType.BOOLEAN:
            return Probability(_rounded_share(sum(values) / len(values)))
        case FieldType.INTEGER | FieldType.NUMBER:
            kept = _choice(values, name, keep_values=True) if keep_values else None
            return kept or _range_of(values, whole=type_ is FieldType.INTEGER)
        case FieldType.TIMESTAMP | FieldType.DATE:
            return _time_range(values)
        case FieldType.TEXT:
            return _text_domain(values, name, keep_values=keep_values)
    return None


def _range_of(values: Sequence[float], *, whole: bool) -> NumberRange | None:
    """The range of the numbers that Eventer can draw; None if there are none."""
    limit = _MAX_WHOLE if whole else _MAX_NUMBER
    drawn = [value for value in values if abs(value) <= limit]
    return number_range(drawn, whole=whole) if drawn else None


def number_range(values: Sequence[float], *, whole: bool) -> NumberRange:
    """The range of numbers. Its ends are rounded inwards, so that it is within that of the values.

    Numbers of which most are small and a few are large are log-normal.
    """
    decimals = None if whole else max(map(_decimals, values))
    least, most = _rounded_ends(min(values), max(values), decimals or 0)
    found = NumberRange(least, most, decimals)
    middle = median(values)
    if whole or min(values) <= 0 or len(values) < MIN_SAMPLE or most < _SKEWED * middle:
        return found
    if not (typical := round(middle, min(decimals or 0, 2)) or round(middle, _MAX_DECIMALS)):
        return found
    sigma = round(pstdev(map(math.log, values)), 2)
    least, most = _two_digits(min(values), math.ceil), _two_digits(max(values), math.floor)
    return NumberRange(least, most, decimals, typical, sigma or 0.01)


def _two_digits(value: float, whole: Callable[[float], int]) -> float:
    """A positive number rounded to two digits."""
    places = 1 - math.floor(math.log10(value))
    return round(whole(round(value * 10.0**places, 6)) / 10.0**places, 6)


def _decimals(value: float) -> int:
    """How many decimals a number has, at most 6."""
    text = f"{value:.{_MAX_DECIMALS}f}".rstrip("0")
    return len(text.partition(".")[2])


def _rounded_ends(least: float, most: float, decimals: int) -> tuple[float, float]:
    """Ends on a grid with 20 to 200 steps between them, but no finer than the values.

    A large constant becomes a range around it.
    """
    if least == most:
        return _around(least)
    places = min(decimals, 1 - math.floor(math.log10((most - least) / 2)))
    scale = 10.0**places
    inner = math.ceil(round(least * scale, 6)) / scale, math.floor(round(most * scale, 6)) / scale
    return inner if inner[0] <= inner[1] else (least, most)


def _around(value: float) -> tuple[float, float]:
    if abs(value) <= _SMALL:
        return value, value
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    least = math.floor(value / unit) * unit
    return least, least + unit


def _time_range(values: Sequence[float]) -> TimeRange:
    """Whole days: those between the values, or the day of the only value."""
    first, last = -(-math.ceil(min(values)) // _DAY), math.floor(max(values)) // _DAY
    if first >= last:
        first = math.floor(min(values)) // _DAY
        last = first + 1
    first = min(max(first, _FIRST_DAY), _LAST_DAY - 1)
    last = min(max(last, first + 1), _LAST_DAY)
    return TimeRange(first * _DAY, last * _DAY)


def _text_domain(values: Sequence[str], name: str, *, keep_values: bool) -> Domain | None:
    if choice := _choice(values, name, keep_values=keep_values):
        return choice
    has_codes = len(set(values)) >= _MIN_CODES
    if has_codes and (regex := common_pattern(values)) is not None:
        return TextPattern(regex, inferred=True)
    words = [len(value.split()) for value in values]
    if not sum(words):
        return None
    least, most = (max(1, min(count, _MAX_WORDS)) for count in (min(words), max(words)))
    return WordCount(least, most)


def _choice(values: Sequence[JsonValue], name: str, *, keep_values: bool) -> Choice | None:
    """A choice if a few values are repeated. Placeholders are `name_1` and so on."""
    counts: Counter[Any] = Counter(values)
    if len(counts) > min(_MAX_CHOICES, len(values) // _MIN_REPEATS) or len(values) < MIN_SAMPLE:
        return None
    ranked = counts.most_common()
    shown = tuple(value if keep_values else f"{name}_{n}" for n, (value, _) in enumerate(ranked, 1))
    return Choice(shown, weights([count for _, count in ranked]), placeholders=not keep_values)


def weights(counts: Sequence[int]) -> tuple[int, ...] | None:
    """Small whole numbers in the ratio of the counts; None if these are about equal."""
    mean = fmean(counts)
    if all(abs(count - mean) <= 3 * math.sqrt(mean) for count in counts):
        return None
    total = sum(counts)
    unit = 100 if min(counts) * 100 >= total else _MAX_WEIGHT
    return tuple(max(1, round(unit * count / total)) for count in counts)


def _rounded_share(share: float) -> float:
    """A share with two digits, so that it is neither 0 nor 1 if the share is not."""
    return round(share, 2) if round(share, 2) not in (0, 1) else round(share, 4)


def share(count: int, total: int) -> float:
    """The share of values that have a property, rounded."""
    return _rounded_share(count / total) if total else 0.0

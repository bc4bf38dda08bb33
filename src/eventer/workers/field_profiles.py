"""The profile of generated events: for each field its types, its extremes and its frequent values.

A field is a JSON pointer; the elements of an array are not fields. Pure: events in, values out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from eventer.core.model import JsonValue
from eventer.core.pointer import format_pointer

MAX_FIELDS: Final = 500
"""Fields of a profile; further ones are only counted."""
MAX_TEXT: Final = 200
"""Characters of a value that a profile shows."""
_FREQUENT: Final = 10
_BINS: Final = 24
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z)?", re.ASCII
)

Path: TypeAlias = tuple[str, ...]
_TYPE_NAMES: Final[dict[type, str]] = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string",
    list: "array", dict: "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frequency:
    """A value, and how many events have it. Arrays and objects are their JSON text."""

    value: str | float | bool | None
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Events in bins of equal width from `least` to `most`; the last bin includes `most`.

    Instants are seconds since 1970.
    """

    least: float
    most: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """A field over all profiled events.

    `types` are the JSON types of its values except null, most frequent first. `absent` events do
    not have the field. `least`, `most`, `mean` and the histogram describe numbers, or the lengths
    of arrays; `least` and `most` of texts are by code point. Texts that are all instants in UTC
    have a histogram, too. `distinct` does not count null.
    """

    pointer: str
    types: tuple[str, ...]
    nulls: int
    absent: int
    distinct: int
    least: str | float | None
    most: str | float | None
    mean: float | None
    frequent: tuple[Frequency, ...]
    histogram: Histogram | None


@dataclass(frozen=True, slots=True)
class FieldProfiles:
    """The profiles of all fields in the order of their first occurrence, and of how many events."""

    events: int
    fields: tuple[FieldProfile, ...]
    omitted: int


def profile_fields(texts: Iterable[bytes]) -> FieldProfiles:
    """The profiles of the fields of events, which are given as JSON text."""
    columns: dict[Path, list[JsonValue]] = {}
    events = 0
    for text in texts:
        events += 1
        _collect(json.loads(text), (), columns)
    shown = [(path, values) for path, values in columns.items() if _is_field(path, values, events)]
    profiles = (_profile(path, values, events) for path, values in shown[:MAX_FIELDS])
    return FieldProfiles(events, tuple(profiles), max(0, len(shown) - MAX_FIELDS))


def _collect(value: JsonValue, path: Path, columns: dict[Path, list[JsonValue]]) -> None:
    """Appends a value to its field, and the members of an object to theirs."""
    columns.setdefault(path, []).append(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            _collect(inner, (*path, name), columns)


def _is_field(path: Path, values: Sequence[JsonValue], events: int) -> bool:
    """Whether a field is worth a row: an object that is always there only groups its members."""
    if not all(isinstance(value, dict) for value in values):
        return True
    return bool(path) and (len(values) < events or not any(values))


def _profile(path: Path, values: Sequence[JsonValue], events: int) -> FieldProfile:
    present = [value for value in values if value is not None]
    types = Counter(type(value) for value in present)
    counts = Counter(map(_comparable, present))
    numbers = _numbers(present, types)
    texts = set(types) == {str}
    least, most = _text_extremes(counts) if texts else _number_extremes(numbers, types)
    return FieldProfile(
        pointer=format_pointer(path),
        types=_type_names(types),
        nulls=len(values) - len(present),
        absent=events - len(values),
        distinct=len(counts),
        least=least,
        most=most,
        mean=None if not numbers else float(np.mean(numbers)),
        frequent=tuple(
            Frequency(_shown(value), count) for (_, value), count in counts.most_common(_FREQUENT)
        ),
        histogram=_histogram(_instants(counts) if texts else numbers),
    )


def _type_names(types: Counter[type]) -> tuple[str, ...]:
    """The JSON types of values, most frequent first; integers among numbers are numbers."""
    names = [_TYPE_NAMES[kind] for kind, _ in types.most_common()]
    return tuple(name for name in names if name != "integer" or "number" not in names)


def _comparable(value: JsonValue) -> tuple[str, str | float | bool]:
    """A value that is equal only to equal JSON values; containers are their JSON text."""
    if isinstance(value, list | dict):
        return "json", json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert isinstance(value, str | float | bool | int)
    return ("number" if type(value) in (int, float) else _TYPE_NAMES[type(value)]), value


def _numbers(present: Sequence[JsonValue], types: Counter[type]) -> list[float]:
    """The numbers among values, or the lengths of arrays; none if there are other values."""
    if types and set(types) <= {int, float}:
        return [float(value) for value in present if isinstance(value, int | float)]
    if set(types) == {list}:
        return [float(len(value)) for value in present if isinstance(value, list)]
    return []


def _number_extremes(
    numbers: Sequence[float], types: Counter[type]
) -> tuple[float | None, float | None]:
    if not numbers:
        return None, None
    least, most = min(numbers), max(numbers)
    return (least, most) if float in types else (int(least), int(most))


def _text_extremes(counts: Counter[tuple[str, str | float | bool]]) -> tuple[str, str]:
    texts = [str(text) for _, text in counts]
    return min(texts)[:MAX_TEXT], max(texts)[:MAX_TEXT]


def _shown(value: str | float | bool) -> str | float | bool:  # noqa: FBT001  it is a JSON value
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _instants(counts: Counter[tuple[str, str | float | bool]]) -> list[float]:
    """Seconds since 1970 of texts that are all instants in UTC; none if one is something else."""
    texts = [str(text) for (_, text), count in counts.items() for _ in range(count)]
    if not all(map(_INSTANT.fullmatch, texts)):
        return []
    try:
        instants = np.array([text.removesuffix("Z") for text in texts], dtype="datetime64[us]")
    except ValueError:  # the 31st of February
        return []
    seconds: list[float] = (instants.astype(np.int64) / 1e6).tolist()
    return seconds


def _histogram(numbers: Sequence[float]) -> Histogram | None:
    """The numbers in bins; whole numbers of a small range have a bin each."""
    if not numbers:
        return None
    least, most = min(numbers), max(numbers)
    span = most - least
    if span == 0 or not np.isfinite(span):
        return None
    whole = span < _BINS and all(number.is_integer() for number in numbers)
    counts, _ = np.histogram(numbers, bins=int(span) + 1 if whole else _BINS)
    return Histogram(least, most, tuple(counts.tolist()))

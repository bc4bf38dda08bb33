"""Finds times that are always after other times of their rows, such as `shipped_at`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from eventer.scaffold.field_names import named_values
from eventer.scaffold.record import Delay, Field, FieldType, ScheduledTime

DAY: Final = 86_400
_TIMES: Final = (FieldType.TIMESTAMP, FieldType.DATE)
_MIN_PAIRS: Final = 5
_MAX_DELAY: Final = 400 * DAY
_DEFAULT_DELAY: Final = 7 * DAY

Sample = Mapping[str, Sequence[str | None]]


def with_time_order(fields: dict[str, Field], sample: Sample) -> None:
    """Makes times that follow another one, in all rows of the sample, delays after it."""
    names = [f.name for f in fields.values() if f.type in _TIMES and not _is_birth_date(f)]
    for name in names:
        gaps = {other: _gaps(sample, other, name) for other in names if other != name}
        before = {other: found for other, found in gaps.items() if _is_order(found)}
        if before:
            nearest = min(before, key=lambda each: sum(before[each]) / len(before[each]))
            put_after(fields, nearest, name, sample)


def put_after(
    fields: dict[str, Field], lesser: str, greater: str, sample: Sample, *, strict: bool = False
) -> None:
    """Makes a time a delay after another one, unless that comes after it already."""
    if greater in _predecessors(fields, lesser):
        return
    if not isinstance(fields[lesser].domain, Delay):
        fields[lesser] = replace(fields[lesser], domain=ScheduledTime(), null_share=0.0)
    field = fields[greater]
    step = DAY if field.type is FieldType.DATE else 1
    gaps = _gaps(sample, lesser, greater)
    least, most = (math.floor(min(gaps)), math.ceil(max(gaps))) if gaps else (0, _DEFAULT_DELAY)
    needs_step = strict or (step == DAY and fields[lesser].type is not FieldType.DATE)
    if fields[lesser].type is FieldType.DATE and strict:
        needs_step, step = True, DAY
    least = max(step if needs_step else 0, least // step * step)
    most = max(least, _rounded(most) // step * step)
    fields[greater] = replace(field, domain=Delay(lesser, least, most, step))


def _rounded(seconds: int) -> int:
    """Whole minutes, hours or days."""
    unit = next((unit for unit in (DAY, 3600, 60) if seconds >= 2 * unit), 1)
    return seconds // unit * unit


def _predecessors(fields: Mapping[str, Field], name: str) -> Iterator[str]:
    yield name
    domain = fields[name].domain
    while isinstance(domain, Delay):
        yield domain.after
        domain = fields[domain.after].domain


def _gaps(sample: Sample, lesser: str, greater: str) -> list[float]:
    pairs = zip(sample[lesser], sample[greater], strict=True)
    gaps = [float(b) - float(a) for a, b in pairs if a is not None and b is not None]
    return [gap for gap in gaps if math.isfinite(gap)]


def _is_order(gaps: Sequence[float]) -> bool:
    return len(gaps) >= _MIN_PAIRS and min(gaps) >= 0 and 0 < max(gaps) <= _MAX_DELAY


def _is_birth_date(field: Field) -> bool:
    named = named_values(field.name, field.type, "")
    return named is not None and named.rule.member == "birth_date"

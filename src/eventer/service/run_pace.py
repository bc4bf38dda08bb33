"""The pace of `eventer run`, from its options. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from eventer.core.duration import parse_duration
from eventer.core.errors import RequestError
from eventer.core.instant import parse_moment
from eventer.core.limits import MAX_MULTIPLIER, MAX_REPEAT
from eventer.core.pace import (
    STOPPED,
    Arrivals,
    EventRate,
    PaceSpec,
    Profile,
    Shape,
    Stage,
    Stages,
    Steady,
    Ticks,
)
from eventer.core.rate import parse_rate
from eventer.service.pace_checks import check_timezone

_STAGE = re.compile(r"(to\s+)?(\S+)\s+for\s+(\S+)")
_REPEAT = re.compile(r"repeat(?:\s+(-?[0-9]{1,18}))?")
_HOURS: Final = (24, 24 * 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceOptions:
    """The options of `eventer run` that give a pace, as written."""

    rate: str | None = None
    count: int | None = None
    interval: str | None = None
    stages: str | None = None
    profile: str | None = None
    timezone: str | None = None
    arrivals: Arrivals = "even"
    start: str | None = None
    end: str | None = None


def run_pace(options: PaceOptions, now: int) -> PaceSpec | None:
    """The pace of a run that starts now (ns since 1970); None without one. Only `start` is open.

    Raises:
        RequestError: an option is invalid, or two cannot be combined.
    """
    shape = _shape(options)
    if options.timezone is not None and options.profile is None:
        raise RequestError("--timezone needs --profile")
    if shape is None:
        _check_needs_pace(options)
        return None
    if options.arrivals == "random" and isinstance(shape, Ticks):
        raise RequestError("--arrivals random cannot be combined with --interval")
    begin = now if options.start is None else _moment(options.start, "--start", now)
    end = None if options.end is None else _moment(options.end, "--end", now)
    if end is not None and end <= begin:
        raise RequestError(f"--end {options.end}: must be after the start")
    return PaceSpec(shape, options.arrivals, options.start, end)


def _check_needs_pace(options: PaceOptions) -> None:
    given = {"--start": options.start, "--end": options.end}
    for name, value in given.items():
        if value is not None:
            raise RequestError(f"{name} needs a pace: --rate, --interval or --stages")
    if options.arrivals == "random":
        raise RequestError("--arrivals needs a pace: --rate or --stages")


def _shape(options: PaceOptions) -> Shape | None:
    if options.profile is not None:
        return _profile(options)
    given = {
        "--rate": options.rate,
        "--interval": options.interval,
        "--stages": options.stages,
    }
    names = [name for name, value in given.items() if value is not None]
    if options.rate is not None and options.count is not None:
        raise RequestError("--rate cannot be combined with --count or --interval")
    if len(names) > 1:
        raise RequestError(f"{names[0]} cannot be combined with {' or '.join(names[1:])}")
    if options.count is not None and options.interval is None:
        raise RequestError(
            "--count needs --interval; use --max-events for the total number of events"
        )
    if options.rate is not None:
        return Steady(parse_rate(options.rate))
    if options.stages is not None:
        return parse_stages(options.stages)
    if options.interval is not None:
        return Ticks(options.count or 1, positive_duration(options.interval, "--interval"))
    return None


def _profile(options: PaceOptions) -> Profile:
    if options.interval is not None or options.stages is not None or options.count is not None:
        raise RequestError("--profile cannot be combined with --count, --interval or --stages")
    if options.rate is None:
        raise RequestError("--profile needs --rate, which it multiplies")
    texts = re.split(r"[\s,]+", (options.profile or "").strip())
    try:
        multipliers = tuple(map(Fraction, texts))
    except (ValueError, ZeroDivisionError):
        multipliers = ()
    valid = all(0 <= each <= MAX_MULTIPLIER for each in multipliers) and any(multipliers)
    if len(multipliers) not in _HOURS or not valid:
        raise RequestError(
            "--profile must have 24 numbers (a day) or 168 (a week from Monday), none negative and "
            "one greater than zero, with spaces or commas between them"
        )
    return Profile(parse_rate(options.rate), multipliers, _timezone(options.timezone))


def _timezone(name: str | None) -> str:
    try:
        return "UTC" if name is None else check_timezone(name)
    except RequestError as error:
        raise RequestError(f"--timezone: {error.message}: {error.hint}") from error


def parse_stages(text: str) -> Stages:
    """Stages such as `100/s for 1m, to 1000/s for 5m, repeat 3`.

    Raises:
        RequestError: the text has another form, or all rates are zero.
    """
    *parts, last = [part.strip() for part in text.split(",")]
    repeat: int | None = 1
    if match := _REPEAT.fullmatch(last):
        repeat = None if match[1] is None else int(match[1])
        if repeat is not None and not 1 <= repeat <= MAX_REPEAT:
            raise RequestError(f"--stages: repeat must be from 1 to {MAX_REPEAT:,}, not {repeat}")
    else:
        parts.append(last)
    stages: list[Stage] = []
    for part in parts:
        before = stages[-1].last if stages else STOPPED
        stages.append(_stage(part, before))
    if all(stage.first == stage.last == STOPPED for stage in stages):
        raise RequestError(f"--stages {text}: must have a rate greater than zero")
    return Stages(tuple(stages), repeat)


def _stage(text: str, before: EventRate) -> Stage:
    match = _STAGE.fullmatch(text)
    if match is None:
        raise RequestError(
            f"--stages: {text!r} is not a stage: write it like `100/s for 1m` or `to 1k/s for 5m`"
        )
    rate = parse_rate(match[2], zero=True)
    return Stage(before if match[1] else rate, rate, positive_duration(match[3], "--stages"))


def positive_duration(text: str, option: str) -> int:
    """The nanoseconds of a duration.

    Raises:
        RequestError: it is not a duration greater than zero.
    """
    duration = parse_duration(text)
    if duration <= 0:
        raise RequestError(f"{option} {text}: must be greater than zero")
    return duration


def _moment(text: str, option: str, now: int) -> int:
    try:
        return parse_moment(text, now)
    except RequestError as error:
        raise RequestError(f"{option}: {error.message}") from error

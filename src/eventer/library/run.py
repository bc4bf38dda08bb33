"""`eventer.run`: delivers a template's events from Python, as the command of this name does."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from eventer.core.errors import RequestError
from eventer.core.instant import parse_instant
from eventer.core.limits import MAX_INDEX, MAX_TICK_EVENTS
from eventer.core.model import OnError, OnNull, RecordFormat, WrittenPart
from eventer.core.timelines import TimelineSpec, parse_horizon
from eventer.library.error_notes import noting_errors
from eventer.library.run_target import TargetArguments
from eventer.library.template import Template, parts_of
from eventer.settings import load_settings

if TYPE_CHECKING:
    from eventer.core.fault_rules import FaultRule
    from eventer.service.standalone_run import RunJob

_POLL_S: Final = 0.2
"""A signal that arrives just before a thread begins to wait does not wake it."""
_log: Final = logging.getLogger("eventer")
_Choice = TypeVar("_Choice", bound=StrEnum)
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run delivered. Quantiles are in seconds, `p50` and so on; None without events."""

    seed: int
    events: int
    skipped: int
    dropped: int
    bytes: int
    seconds: float
    events_per_second: float
    retries: int
    commit_seconds: Mapping[str, float] | None
    lateness_seconds: Mapping[str, float] | None


@noting_errors()
def run(
    template: Template | str | Path,
    *,
    kafka: str | None = None,
    postgres: str | None = None,
    file: str | Path | None = None,
    file_format: str | None = None,
    partition_by: Sequence[str] = (),
    key: str | Sequence[str] | None = None,
    value: str | None = None,
    omit: Sequence[str] = (),
    op: str | None = None,
    format: RecordFormat = "json",  # noqa: A002  as in a request
    key_format: RecordFormat = "json",
    schema_file: str | Path | None = None,
    key_schema_file: str | Path | None = None,
    connection: str | None = None,
    settings: Mapping[str, object] | None = None,
    rate: str | None = None,
    count: int | None = None,
    interval: str | None = None,
    stages: str | None = None,
    profile: str | None = None,
    timezone: str | None = None,
    arrivals: Literal["even", "random"] = "even",
    start: str | None = None,
    end: str | None = None,
    duration: str | None = None,
    max_events: int | None = None,
    at: str | None = None,
    fast: bool = False,
    timeline: str | None = None,
    only: str | None = None,
    on_error: Literal["stop", "skip", "retry"] = "stop",
    on_null: Literal["emit", "drop"] = "emit",
    faults: Sequence[Mapping[str, Any]] = (),
) -> RunSummary:
    """Delivers a template's events to a topic, table or folder; returns when they are committed.

    The options mean what they mean for `eventer run`. Warnings go to the logger `eventer`. Ctrl-C
    commits the events in flight and raises `KeyboardInterrupt`.

    Args:
        template: A template, or what `Template` takes.
        kafka: The topic; either this, `postgres` or `file`.
        postgres: The table.
        file: The folder; with a `connection`, below its root.
        file_format: Format of the files: ndjson, csv or parquet.
        partition_by: Partition folders by fields, or as dt={date}.
        key: Field that is the record key, or the columns that rows are upserted by.
        value: Field or JSON pointer of the part of each event that is written.
        omit: Fields or JSON pointers that are not written.
        op: Field of the operation, upsert or delete.
        format: Format of the values of records; others than json need a schema registry.
        key_format: Format of their keys.
        schema_file: File with the Avro schema or the JSON Schema of the values, in place of the
            derived one.
        key_schema_file: File with the schema of the keys.
        connection: Name of a configured connection other than the default one.
        settings: Settings by dotted name, as {"kafka.bootstrap_servers": "localhost:9092"}; others
            come from the environment and `eventer.toml`.
        rate: Exact rate, as 5k/s; without a pace, delivery is as fast as possible.
        count: Number of events per `interval`.
        interval: Time between ticks, as 10s.
        stages: Rates one after the other, as '100/s for 1m, to 1k/s for 5m'.
        profile: Multipliers of `rate` for the hours of a day or a week.
        timezone: Time zone of `profile`.
        arrivals: Whether events are evenly spaced, or at random times around that.
        start: When the first event is due, as now-7d: past events are delivered at once.
        end: No event is due from then on.
        duration: How long to run.
        max_events: Total number of events.
        at: Scheduled time of the (first) event.
        fast: Do not wait: the pace only gives the times of events.
        timeline: Horizon of a template that gives timelines, as 30m.
        only: Take only the steps of timelines that have this `to`.
        on_error: What happens when an event fails.
        on_null: Whether to emit or drop an event of which null would be written.
        faults: Faults that events get on purpose, as in a request.

    Raises:
        RequestError: an argument is invalid, or the connection has no address.
        TemplateError: the template is invalid, or an event raises; with line and column.
        ConfigError: a setting is unknown or invalid.
        DestinationError: the destination cannot be reached, or rejects an event.
    """
    from eventer.service.run_schedule import ScheduleOptions
    from eventer.service.standalone_run import RunRequest, prepare_run

    template = template if isinstance(template, Template) else Template(template)
    parts = parts_of(template)
    arguments = TargetArguments(
        kafka,
        postgres,
        None if file is None else str(file),
        key,
        connection,
        (format, key_format),
        (schema_file, key_schema_file),
        file_format,
        partition_by,
        WrittenPart(value, tuple(omit)),
        op,
    )
    given = {"library": parts.settings.library, **arguments.settings, **(settings or {})}
    loaded = load_settings(given).settings
    source = parts.request.event_source(template.seed, loaded.instance_id)
    try:
        _check_number("count", count, MAX_TICK_EVENTS)
        _check_number("max_events", max_events, MAX_INDEX)
        options = ScheduleOptions(
            rate=rate,
            count=count,
            interval=interval,
            stages=stages,
            profile=profile,
            timezone=timezone,
            arrivals=arrivals,
            start=start,
            end=end,
            duration=duration,
            max_events=max_events,
            at=None if at is None else parse_instant(at),
            fast=fast,
        )
        request = RunRequest(
            source.stream,
            source.context.dataset,
            arguments.target(),
            options,
            _choice("on_error", on_error, OnError),
            _choice("on_null", on_null, OnNull),
            _fault_rules(faults),
            _timeline(timeline, only),
        )
        job = prepare_run(source.template, request, loaded, time.time_ns())
    except RequestError as error:
        raise _in_words_of_python(error) from error
    return _deliver(job, template.seed)


def _check_number(name: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        raise RequestError(f"`{name}` must be from 1 to {most:,}")


def _choice(name: str, value: str, kind: type[_Choice]) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise RequestError(f"`{name}` must be {' or '.join(kind)}") from None


def _fault_rules(faults: Sequence[Mapping[str, Any]]) -> tuple[FaultRule, ...]:
    from eventer.api.wire.fault_rules import fault_rules

    return fault_rules(list(faults)) if faults else ()


def _timeline(horizon: str | None, only: str | None) -> TimelineSpec | None:
    if horizon is None and only is not None:
        raise RequestError("`only` needs `timeline`")
    return None if horizon is None else TimelineSpec(parse_horizon(horizon), only)


def _in_words_of_python(error: RequestError) -> RequestError:
    """The error of an option of the command, as one of an argument."""

    def argument(text: str) -> str:
        return _OPTION.sub(lambda match: f"`{match[1].replace('-', '_')}`", text)

    faults = tuple(
        replace(each, pointer=argument(each.pointer), message=argument(each.message))
        for each in error.faults
    )
    return RequestError(argument(error.message), faults)


def _deliver(job: RunJob, seed: int) -> RunSummary:
    """Runs in this thread, or in another one if this one has a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_run(job, seed))
    return _deliver_in_thread(job, seed)


def _deliver_in_thread(job: RunJob, seed: int) -> RunSummary:
    tasks: list[asyncio.Task[RunSummary]] = []
    interrupted = Event()

    async def deliver() -> RunSummary:
        tasks.append(asyncio.ensure_future(_run(job, seed)))
        if interrupted.is_set():
            tasks[0].cancel()
        return await tasks[0]

    with ThreadPoolExecutor(1) as executor:
        executor.submit(int).result()  # from now on the executor waits for its thread
        try:
            running = executor.submit(asyncio.run, deliver())
            while not wait([running], _POLL_S).done:
                pass
            return running.result()
        except KeyboardInterrupt:
            interrupted.set()
            for task in tasks:
                task.get_loop().call_soon_threadsafe(task.cancel)
            raise


async def _run(job: RunJob, seed: int) -> RunSummary:
    from eventer.service.run_stats import RunStats
    from eventer.service.standalone_run import StandaloneRun

    stats = RunStats(
        job.schedule.began(time.time_ns()), job.schedule.shift, live_from=job.schedule.live_from
    )
    standalone_run = StandaloneRun(job, stats, _log.warning)
    running = asyncio.ensure_future(standalone_run.run())
    try:
        result = await asyncio.shield(running)
    except asyncio.CancelledError:
        standalone_run.finish()
        await running
        raise
    if result.error is not None:
        raise result.error
    return RunSummary(seed, **stats.summary(time.time_ns()))

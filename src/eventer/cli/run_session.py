"""Runs `eventer run`: signals, progress, summary, and a new run on every save."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventer.cli.exit_codes import (
    FAILED,
    OK,
    STDOUT_CLOSED,
    THRESHOLD,
    discard_stdout,
    exit_code,
)
from eventer.cli.signals import stop_on_signals
from eventer.cli.template_options import (
    own_name,
    parse_reference,
    read_references,
    read_template,
)
from eventer.cli.terminal import print_json, print_message
from eventer.core.error_text import format_error
from eventer.core.errors import EventerError, TemplateError
from eventer.core.model import ConsoleTarget, Template
from eventer.core.timelines import no_step_text
from eventer.service.run_stats import MAX_LATENESS_SECONDS, RunStats
from eventer.service.standalone_run import RunJob, RunRequest, RunResult, StandaloneRun, prepare_run
from eventer.service.thresholds import Threshold
from eventer.settings import Settings

_POLL_SECONDS = 0.25
_PROGRESS_SECONDS = 0.5
_SETTLING_SECONDS = 5.0
"""Until then `--abort` looks at counts only: the first commits include all preparation."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of the command; each run reads the template's file again."""

    settings: Settings
    file: Path
    variables: str
    request: RunRequest
    thresholds: tuple[Threshold, ...] = ()
    abort: bool = False
    referenced: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that a run reads."""
        return (self.file, *(parse_reference(each)[1] for each in self.referenced))

    def job(self, now: int) -> RunJob:
        """Reads the template and prepares a run that starts now (ns since 1970).

        Raises:
            EventerError: the template, an option or the configuration is invalid.
        """
        text, name = read_template(self.file)
        request, instance_id = self.request, self.settings.instance_id
        references = read_references(self.referenced, self.variables, request.dataset)
        template = Template(
            text,
            name,
            self.variables,
            references=tuple(
                each.referenced_stream(request.stream.seed, instance_id) for each in references
            ),
            own_name=own_name(self.file, references),
        )
        return prepare_run(template, request, self.settings, now)


def run_once(options: RunOptions, *, as_json: bool) -> int:
    """Runs to the end; returns the exit code.

    Raises:
        EventerError: the run cannot start.
    """
    return asyncio.run(_run_job(options, options.job(time.time_ns()), as_json=as_json))


def run_watching(options: RunOptions, *, as_json: bool) -> int:
    """Runs now and whenever the file is saved, until a signal; returns the exit code."""
    return asyncio.run(_watch(options, as_json=as_json))


async def _run_job(
    options: RunOptions, job: RunJob, *, as_json: bool, saved: asyncio.Event | None = None
) -> int:
    """One run with its summary; `saved` ends it early."""
    run_stats = RunStats(
        job.schedule.began(time.time_ns()),
        job.schedule.shift,
        live_from=job.schedule.live_from,
        thresholds=options.thresholds,
    )
    standalone_run = StandaloneRun(job, run_stats, print_message)
    to_stdout = isinstance(job.target, ConsoleTarget)
    try:
        progress = _progress(run_stats, shown=not to_stdout and sys.stderr.isatty())
        async with (
            stop_on_signals(standalone_run.finish) as signals,
            _finish_when_set(saved, standalone_run),
            _finish_at_failure(options, job, run_stats, standalone_run),
            progress,
        ):
            result = await standalone_run.run()
    except BrokenPipeError:
        discard_stdout()
        return STDOUT_CLOSED
    failures = run_stats.failures(_progress_of(job, run_stats, run_stats.last_commit), settled=True)
    summary = run_stats.summary(time.time_ns())
    if options.thresholds:
        summary["failed_thresholds"] = [str(each.threshold) for each in failures]
    timeline, emitted = options.request.timeline, run_stats.totals.events + run_stats.dropped
    if result.error is not None:
        print_message(format_error(result.error))
    elif timeline is not None and timeline.only is not None and not emitted:
        print_message(f"warning: {no_step_text(timeline.only)}; omit --only to take all steps")
    if not as_json:
        print_message(format_summary(summary))
    elif to_stdout:
        print_message(json.dumps(summary))
    else:
        print_json(summary)
    for failure in failures:
        print_message(f"threshold: {failure}")
    code = 128 + signals[0] if signals else _exit_code_of(result)
    return THRESHOLD if code == OK and failures else code


def _progress_of(job: RunJob, run_stats: RunStats, at: int) -> float | None:
    return job.schedule.progress(run_stats.position, run_stats.began, at)


def _exit_code_of(result: RunResult) -> int:
    if result.error is None:
        return OK
    began = result.position is not None and result.position.next > 0
    if isinstance(result.error, TemplateError) and began:
        return FAILED  # the template is valid: one of its events failed later
    return exit_code(result.error)


@asynccontextmanager
async def _finish_when_set(
    event: asyncio.Event | None, standalone_run: StandaloneRun
) -> AsyncIterator[None]:
    async def wait(event: asyncio.Event) -> None:
        await event.wait()
        standalone_run.finish()

    async with _in_background(None if event is None else wait(event)):
        yield


@asynccontextmanager
async def _finish_at_failure(
    options: RunOptions, job: RunJob, run_stats: RunStats, standalone_run: StandaloneRun
) -> AsyncIterator[None]:
    """With `--abort`, ends the run at the first threshold that it has passed."""

    async def watch() -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            settled = time.monotonic() - began >= _SETTLING_SECONDS
            progress = _progress_of(job, run_stats, time.time_ns())
            if run_stats.failures(progress, settled=settled):
                standalone_run.finish()
                return

    async with _in_background(watch() if options.abort else None):
        yield


@asynccontextmanager
async def _progress(run_stats: RunStats, *, shown: bool) -> AsyncIterator[None]:
    """Shows the progress in one line that is redrawn."""

    async def write() -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            rate = run_stats.rate(time.time_ns())
            sys.stderr.write(f"\r{run_stats.totals.events:,} events  {rate:,.0f}/s \x1b[K")
            sys.stderr.flush()

    async with _in_background(write() if shown else None):
        yield
    if shown:
        sys.stderr.write("\r\x1b[K")


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Runs a coroutine during the block."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _watch(options: RunOptions, *, as_json: bool) -> int:
    """Runs after every save; prints errors and waits for the next save."""
    while True:
        saved = asyncio.Event()
        seen = [*map(_file_state, options.files)]
        async with _in_background(_wait_until_saved(options.files, seen, saved)):
            try:
                job = options.job(time.time_ns())
                code = await _run_job(options, job, as_json=as_json, saved=saved)
            except EventerError as error:
                print_message(format_error(error))
                code = exit_code(error)
            if code > 128:
                return code
            print_message(f"waiting for {options.file} to be saved")
            await saved.wait()


async def _wait_until_saved(
    files: Sequence[Path], seen: Sequence[object], saved: asyncio.Event
) -> None:
    def unchanged() -> bool:
        states = zip(map(_file_state, files), seen, strict=True)
        return all(state in (before, None) for state, before in states)

    while unchanged():  # noqa: ASYNC110  a file has no change event
        await asyncio.sleep(_POLL_SECONDS)
    saved.set()


def _file_state(file: Path) -> tuple[int, int] | None:
    """Time and size of a file, which change on save; None while it does not exist."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def format_summary(summary: Mapping[str, Any]) -> str:
    """`RunStats.summary` in one to three lines."""
    size, seconds = f"{summary['bytes']:,} bytes", f"{summary['seconds']:g} s"
    line = f"{summary['events']:,} events, {size} in {seconds}"
    line += f" ({summary['events_per_second']:,g} events/s)"
    for name in ("skipped", "dropped", "retries"):
        line += f", {summary[name]:,} {name}" if summary[name] else ""
    lines = [line]
    for name, what in (("commit_seconds", "commit"), ("lateness_seconds", "lateness ≤")):
        if summary[name]:
            shown = "  ".join(f"{q} {_seconds(v)}" for q, v in summary[name].items())
            lines.append(f"  {what}  {shown}")
    return "\n".join(lines)


def _seconds(value: float) -> str:
    if value < 0:
        return f"over {MAX_LATENESS_SECONDS:g} s"
    unit, scale = next((u for u in _UNITS if value >= u[1]), _UNITS[-1])
    return f"{value / scale:.3g} {unit}"

"""A run with what surrounds it: signals, progress, summary, and running again on every save."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventer.cli.endings import (
    FAILED,
    OK,
    READER_GONE,
    exit_code,
    forget_stdout,
)
from eventer.cli.one_run import Ended, Job, OneRun, connector, load
from eventer.cli.schedule import Asked, schedule
from eventer.cli.sources import read_template, recipe
from eventer.cli.tally import Tally, told
from eventer.cli.terminal import json_data, say
from eventer.core.errors import EventerError, TemplateError
from eventer.core.model import ConsoleTarget, OnError, Target, Template
from eventer.core.report import render
from eventer.settings import Settings

_LOOK_SECONDS = 0.25
_PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; the template's file is read anew for each run."""

    settings: Settings
    file: Path
    variables: str
    target: Target
    asked: Asked
    on_error: OnError
    seed: int
    stream: str | None
    dataset: str | None

    def job(self, now: int) -> Job:
        """The run that begins now (ns since 1970).

        Raises:
            EventerError: the template, an option or the configuration is wrong.
        """
        when, connect = schedule(self.asked, now), connector(self.target, self.settings)
        text, name = read_template(self.file)
        subject = Template(text, name, self.variables)
        stored, prepared = load(subject, self.settings.library)
        made_of = recipe(
            stored, self.settings, seed=self.seed, stream=self.stream, dataset=self.dataset
        )
        return Job(made_of, prepared, self.target, when, self.on_error, connect)


def run_once(wanted: Wanted, *, as_json: bool) -> int:
    """Runs to the end; gives the exit code.

    Raises:
        EventerError: it could not begin.
    """
    return asyncio.run(_once(wanted.job(time.time_ns()), as_json=as_json))


def run_watching(wanted: Wanted, *, as_json: bool) -> int:
    """Runs now and whenever the file is saved, until a signal ends it; gives the exit code."""
    return asyncio.run(_watch(wanted, as_json=as_json))


async def _once(job: Job, *, as_json: bool, saved: asyncio.Event | None = None) -> int:
    """One run with its summary; `saved` ends it as time would."""
    tally = Tally(job.schedule.began(time.time_ns()), job.schedule.pace)
    one = OneRun(job, tally, say)
    to_stdout = isinstance(job.target, ConsoleTarget)
    try:
        progress = _progress(tally, shown=not to_stdout and sys.stderr.isatty())
        async with ending_on_signals(one), _ending_on(saved, one), progress:
            ended = await one.run()
        # A signal may come when the run has ended already, and must not be lost.
        ended = replace(ended, signal=one.ended_by)
    except BrokenPipeError:
        forget_stdout()
        return READER_GONE
    summary = tally.summary(time.time_ns())
    if ended.error is not None:
        say(render(ended.error))
    if not as_json:
        say(told(summary))
    elif to_stdout:
        say(json.dumps(summary))
    else:
        json_data(summary)
    return _code(ended)


def _code(ended: Ended) -> int:
    if ended.signal is not None:
        return 128 + ended.signal
    if ended.error is None:
        return OK
    began = ended.position is not None and ended.position.next > 0
    if isinstance(ended.error, TemplateError) and began:
        return FAILED  # it held for a while: what the run was to do is not done
    return exit_code(ended.error)


@asynccontextmanager
async def ending_on_signals(one: OneRun) -> AsyncIterator[None]:
    """The first Ctrl-C or SIGTERM ends the run in order, the second one at once.

    Python's own handlers, as the loop's lose a signal that comes just before they are taken back:
    they run in the loop's next turn, or never.
    """
    loop = asyncio.get_running_loop()
    heard: list[signal.Signals] = []

    def hear(number: int, _: object) -> None:
        restore()
        heard.append(signal.Signals(number))
        loop.call_soon_threadsafe(end)

    def end() -> None:
        while heard:
            one.interrupt(heard.pop())

    def restore() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
    try:
        yield
    finally:
        restore()
        end()


@asynccontextmanager
async def _ending_on(event: asyncio.Event | None, one: OneRun) -> AsyncIterator[None]:
    async def wait(event: asyncio.Event) -> None:
        await event.wait()
        one.finish()

    async with _beside(None if event is None else wait(event)):
        yield


@asynccontextmanager
async def _progress(tally: Tally, *, shown: bool) -> AsyncIterator[None]:
    """One line that is written over, only where somebody looks."""

    async def write() -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            rate = tally.rate(time.time_ns())
            sys.stderr.write(f"\r{tally.events:,} events  {rate:,.0f}/s \x1b[K")
            sys.stderr.flush()

    async with _beside(write() if shown else None):
        yield
    if shown:
        sys.stderr.write("\r\x1b[K")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Does something for the time of a block."""
    task = None if work is None else asyncio.create_task(work)
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _watch(wanted: Wanted, *, as_json: bool) -> int:
    """What is wrong with the file is told and waited out."""
    file = wanted.file
    while True:
        seen = _state(file)
        saved = asyncio.Event()
        async with _beside(_notice(file, seen, saved)):
            try:
                code = await _once(wanted.job(time.time_ns()), as_json=as_json, saved=saved)
            except EventerError as error:
                say(render(error))
                code = exit_code(error)
            if code > 128:
                return code
            say(f"waiting for {file} to be saved")
            await saved.wait()


async def _notice(file: Path, seen: object, saved: asyncio.Event) -> None:
    while _state(file) in (seen, None):  # noqa: ASYNC110  a file tells nobody that it changed
        await asyncio.sleep(_LOOK_SECONDS)
    saved.set()


def _state(file: Path) -> tuple[int, int] | None:
    """What changes when a file is saved; None while it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size

"""An inspector: reads templates that nobody has vouched for, and answers what is asked of them."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import (
    BudgetError,
    DestinationRejectedError,
    EventerError,
    RequestError,
    TemplateError,
)
from eventer.core.model import OnError, PostgresTarget, Stream, Target, Template
from eventer.core.source import Span
from eventer.functions.fingerprint import fingerprint
from eventer.jsonnet.importer import FolderImporter, Importer, NoLibrary
from eventer.jsonnet.load import collect_imports
from eventer.plan.engine import Engine, EventContext
from eventer.plan.explain_template import Explained, explain_template
from eventer.plan.prepare import Prepared, prepare
from eventer.runs.instructions import Recipe
from eventer.runs.maker import STACK_BYTES
from eventer.runs.pacing import END, Pace
from eventer.workers.channel import Channel
from eventer.workers.messages import (
    Answer,
    Configure,
    Explain,
    Inspect,
    Inspection,
    Notice,
    Question,
    Ready,
    Recompute,
    Recomputed,
    Reply,
    Show,
    Shown,
)

PAGE_BYTES: Final = 32 << 20
"""How much text of events one answer holds at most."""
_SLICE_NS: Final = 50_000_000
_EVERYTHING: Final = """
local draw(name) = std.native(name);
{
  data: draw('get_rand_data')(),
  agent: draw('get_rand_user_agent')(),
  at: draw('get_timestamp')('now-1h', 'now', '1s'),
  text: '%d %s' % [draw('get_integer')(1, 9), draw('get_one_of')('a, b')],
}
"""
_TRACES: Final = 1_000
_TRACE_CHARACTERS: Final = 10_000

_log = logging.getLogger(__name__)


async def serve_inspector(channel: Channel, configure: Configure) -> None:
    """Answers one question at a time, in a thread with a stack for deep templates.

    Raises:
        EOFError: the service has gone, perhaps in the middle of a question.
    """
    threading.stack_size(STACK_BYTES)
    thread = ThreadPoolExecutor(1)
    importer = NoLibrary() if configure.library is None else FolderImporter(configure.library)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(thread, _warm_up)
    channel.send(Ready(fingerprint()))
    question = await channel.receive()
    while True:
        following = asyncio.create_task(channel.receive())
        answer = loop.run_in_executor(thread, reply_to, question, importer)
        await asyncio.wait({following, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            following.result()
        channel.send(await answer)
        question = await following


def _warm_up() -> None:
    """Loads what every template needs, so that no question pays for it."""
    recipe = Recipe(Template(_EVERYTHING), Stream(0), EventContext())
    _show(Show(recipe, at=0, first=0, count=3), NoLibrary())


def reply_to(question: Question, importer: Importer) -> Reply:
    """The answer to a question, or the error in its place. Never raises."""
    try:
        return Reply(_answer(question, importer))
    except EventerError as error:
        return Reply(error)
    except MemoryError:
        return Reply(BudgetError("the template takes more memory than a worker may have"))
    except RecursionError:
        return Reply(BudgetError("the template is nested too deeply"))
    except Exception as error:  # noqa: BLE001  whatever a template provokes is an answer
        _log.exception("an inspector broke")
        return Reply(TemplateError(f"the template cannot be evaluated: {error!r}"))


def _answer(question: Question, importer: Importer) -> Answer:
    match question:
        case Inspect():
            return _inspect(question, importer)
        case Show():
            return _show(question, importer)
        case Recompute():
            return _recompute(question)
        case Explain():
            return _explain(question, importer)


class _Traces:
    """What `std.trace` says, as much of it as is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, message: str, place: Span | None) -> None:
        if len(self.lines) < _TRACES:
            where = "" if place is None else f"{place.source.name}:{place.line} "
            self.lines.append(where + message[:_TRACE_CHARACTERS])


def _load(template: Template, importer: Importer) -> tuple[Template, Prepared]:
    stored = collect_imports(template, importer)
    return stored, prepare(stored)


def _notices(prepared: Prepared) -> tuple[Notice, ...]:
    return tuple(Notice(w.message, w.place, w.hint) for w in prepared.warnings)


# --- inspect --------------------------------------------------------------------------------------


def _inspect(question: Inspect, importer: Importer) -> Inspection:
    end = time.thread_time_ns() + int(question.seconds * NS_PER_SECOND)
    template, prepared = _load(question.recipe.template, importer)
    traces = _Traces()
    engine = prepared.engine(question.recipe.stream, question.recipe.context, trace=traces)
    times = np.full(question.count, question.at, dtype=np.int64)
    batches, failing = _dry_run(engine, times, end)
    return Inspection(
        template=template,
        digest=prepared.program.digest.hex(),
        fingerprint=prepared.fingerprint,
        engine=engine.name,
        reason=engine.reason,
        shape=prepared.shape,
        notices=_notices(prepared),
        refusals=tuple(_refusals(question.targets, prepared, batches)),
        traces=tuple(traces.lines),
        failing=failing,
    )


def _dry_run(
    engine: Engine, times: NDArray[np.int64], end: int
) -> tuple[list[Batch], EventerError | None]:
    """The first events, past those that raise; the first error where not all do.

    It is content with what it has when this thread has had its processor time, whatever else the
    machine was doing meanwhile.

    Raises:
        TemplateError: every event raises.
    """
    batches: list[Batch] = []
    failing: EventerError | None = None
    at = 0
    while at < len(times):
        try:
            batch = engine.generate(at, times[at:], time.monotonic_ns() + _SLICE_NS)
        except TemplateError as error:
            failing = failing or error
            at += 1
            if isinstance(error, BudgetError) and not batches:
                raise
        else:
            batches.append(batch)
            at = batch.next
        if batches and time.thread_time_ns() >= end:
            break
    if failing is not None and not batches:
        raise failing
    return batches, failing


def _refusals(
    targets: tuple[Target, ...], prepared: Prepared, batches: list[Batch]
) -> Iterator[tuple[Target, DestinationRejectedError]]:
    for target in targets:
        try:
            _check_target(target, prepared, batches)
        except DestinationRejectedError as error:
            yield target, error


def _check_target(target: Target, prepared: Prepared, batches: list[Batch]) -> None:
    """Lets pass events that may go into a target, as far as its server need not be asked.

    Raises:
        DestinationRejectedError: they cannot, whatever the server says.
    """
    if isinstance(target, PostgresTarget):
        from eventer.destinations.postgres.fit import fields_of

        if not any(_has_objects(batch) for batch in batches):
            raise DestinationRejectedError("an event must be an object; a row is made of one")
        found = frozenset[str]().union(*(batch.fields.names() for batch in batches))
        fields_of(prepared.shape, target, found)


def _has_objects(batch: Batch) -> bool:
    return any(text.as_py().startswith(b"{") for text in batch.text)


# --- explain, show and recompute ------------------------------------------------------------------


def _explain(question: Explain, importer: Importer) -> Explained:
    recipe = question.recipe
    _, prepared = _load(recipe.template, importer)
    return explain_template(
        prepared, recipe.stream, recipe.context, question.at, measured=question.measured
    )


def _show(question: Show, importer: Importer) -> Shown:
    _, prepared = _load(question.recipe.template, importer)
    traces = _Traces()
    engine = prepared.engine(
        question.recipe.stream, question.recipe.context, engine=question.engine, trace=traces
    )
    times = np.full(question.count, question.at, dtype=np.int64)
    return Shown(
        events=_events(engine, question.first, times, passed=0),
        engine=engine.name,
        reason=engine.reason,
        notices=_notices(prepared),
        traces=tuple(traces.lines),
    )


def _recompute(question: Recompute) -> Recomputed:
    recipe: Recipe = question.recipe
    engine = prepare(recipe.template).engine(recipe.stream, recipe.context)
    times = Pace(question.segments).scheduled(question.first, question.count)
    passed = END if question.on_error is OnError.SKIP else question.position
    return Recomputed(_events(engine, question.first, times, passed=passed))


def _events(
    engine: Engine, first: int, times: NDArray[np.int64], *, passed: int
) -> tuple[bytes, ...]:
    """The texts of events; those before `passed` that raise are left out."""
    events: list[bytes] = []
    size, at = 0, first
    while at < first + len(times):
        try:
            batch = engine.generate(at, times[at - first :])
        except TemplateError:
            if at >= passed:
                raise
            at += 1
            continue
        at = batch.next
        events += batch.text.to_pylist()
        size += batch.nbytes
        if size > PAGE_BYTES:
            raise RequestError(f"these events take over {PAGE_BYTES >> 20} MiB: ask for fewer")
    return tuple(events)

"""An inspector: evaluates untrusted templates and answers requests about them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
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
from eventer.core.large_stack import large_stack_executor
from eventer.core.model import (
    EventContext,
    EventSource,
    OnError,
    PostgresTarget,
    Stream,
    Target,
    Template,
)
from eventer.core.source import Span
from eventer.functions.fingerprint import fingerprint
from eventer.jsonnet.importer import FolderImporter, Importer, NoLibrary
from eventer.plan.engine import Engine
from eventer.plan.explain_template import explain_template
from eventer.plan.explanation import TemplateExplanation
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.runs.pacing import END, Pace
from eventer.workers.channel import Channel
from eventer.workers.inspector_messages import (
    ExplainTemplate,
    Inspection,
    InspectorAnswer,
    InspectorReply,
    InspectorRequest,
    InspectTemplate,
    PreviewedEvents,
    PreviewEvents,
    RecomputedEvents,
    RecomputeEvents,
    TemplateWarning,
)
from eventer.workers.messages import Ready, WorkerConfig

MAX_PAGE_BYTES: Final = 32 << 20
"""The most bytes of event text in one answer."""
_SLICE_NS: Final = 50_000_000
_WARM_UP_TEMPLATE: Final = """
local draw(name) = std.native(name);
{
  data: draw('get_rand_data')(),
  agent: draw('get_rand_user_agent')(),
  at: draw('get_timestamp')('now-1h', 'now', '1s'),
  text: '%d %s' % [draw('get_integer')(1, 9), draw('get_one_of')('a, b')],
}
"""
_MAX_TRACES: Final = 1_000
_MAX_TRACE_LENGTH: Final = 10_000

_log = logging.getLogger(__name__)


async def serve_inspector(channel: Channel, config: WorkerConfig) -> None:
    """Answers one request at a time, in a thread with a stack for deep templates.

    Raises:
        EOFError: the service closed the channel, perhaps during a request.
    """
    thread = large_stack_executor()
    importer = NoLibrary() if config.library is None else FolderImporter(config.library)
    loop = asyncio.get_running_loop()
    channel.send(Ready(fingerprint()))
    request = await channel.receive()
    while True:
        next_request = asyncio.create_task(channel.receive())
        answer = loop.run_in_executor(thread, reply_to, request, importer)
        await asyncio.wait({next_request, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            next_request.result()
        channel.send(await answer)
        request = await next_request


def warm_up() -> None:
    """Loads the code that every template needs, to keep requests fast. Starts no thread."""
    event_source = EventSource(Template(_WARM_UP_TEMPLATE), Stream(0), EventContext())
    _preview(PreviewEvents(event_source, at=0, first=0, count=3), NoLibrary())


def reply_to(request: InspectorRequest, importer: Importer) -> InspectorReply:
    """The answer to a request, or an error in its place. Never raises."""
    try:
        return InspectorReply(_answer(request, importer))
    except EventerError as error:
        return InspectorReply(error)
    except MemoryError:
        return InspectorReply(BudgetError("the template exceeds the memory limit of a worker"))
    except RecursionError:
        return InspectorReply(BudgetError("the template is nested too deeply"))
    except Exception as error:  # noqa: BLE001  the service must get an answer
        _log.exception("an inspector failed unexpectedly")
        return InspectorReply(TemplateError(f"the template cannot be evaluated: {error!r}"))


def _answer(request: InspectorRequest, importer: Importer) -> InspectorAnswer:
    match request:
        case InspectTemplate():
            return _inspect(request, importer)
        case PreviewEvents():
            return _preview(request, importer)
        case RecomputeEvents():
            return _recompute(request)
        case ExplainTemplate():
            return _explain(request, importer)


class _TraceCollector:
    """The first messages of `std.trace`, shortened."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, message: str, place: Span | None) -> None:
        if len(self.lines) < _MAX_TRACES:
            where = "" if place is None else f"{place.source.name}:{place.line} "
            self.lines.append(where + message[:_MAX_TRACE_LENGTH])


def _warnings(prepared: PreparedTemplate) -> tuple[TemplateWarning, ...]:
    return tuple(TemplateWarning(w.message, w.place, w.hint) for w in prepared.warnings)


# --- inspect --------------------------------------------------------------------------------------


def _inspect(request: InspectTemplate, importer: Importer) -> Inspection:
    end = time.thread_time_ns() + int(request.seconds * NS_PER_SECOND)
    prepared = prepare(request.event_source.template, importer)
    traces = _TraceCollector()
    engine = prepared.engine(
        request.event_source.stream, request.event_source.context, trace=traces
    )
    times = np.full(request.count, request.at, dtype=np.int64)
    batches, failing = _dry_run(engine, times, end)
    return Inspection(
        template=prepared.template,
        digest=prepared.program.digest.hex(),
        fingerprint=prepared.fingerprint,
        engine=engine.name,
        reason=engine.reason,
        shape=prepared.shape,
        warnings=_warnings(prepared),
        rejections=dict(_rejections(request.targets, prepared, batches)),
        traces=tuple(traces.lines),
        failing=failing,
    )


def _dry_run(
    engine: Engine, times: NDArray[np.int64], end: int
) -> tuple[list[Batch], EventerError | None]:
    """The first events without those that raise, and the first error.

    Ends early when this thread has used its CPU time.

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


def _rejections(
    targets: tuple[Target, ...], prepared: PreparedTemplate, batches: list[Batch]
) -> Iterator[tuple[Target, DestinationRejectedError]]:
    for target in targets:
        try:
            _check_target(target, prepared, batches)
        except DestinationRejectedError as error:
            yield target, error


def _check_target(target: Target, prepared: PreparedTemplate, batches: list[Batch]) -> None:
    """Checks whether events can go into a target, without asking its server.

    Raises:
        DestinationRejectedError: they cannot.
    """
    if isinstance(target, PostgresTarget):
        from eventer.destinations.postgres.match_schema import table_fields

        if not any(_has_objects(batch) for batch in batches):
            raise DestinationRejectedError("the events are not objects; table rows need objects")
        names = frozenset[str]().union(*(batch.fields.names() for batch in batches))
        table_fields(prepared.shape, target, names)


def _has_objects(batch: Batch) -> bool:
    return any(text.as_py().startswith(b"{") for text in batch.text)


# --- explain, show and recompute ------------------------------------------------------------------


def _explain(request: ExplainTemplate, importer: Importer) -> TemplateExplanation:
    event_source = request.event_source
    prepared = prepare(event_source.template, importer)
    return explain_template(
        prepared, event_source.stream, event_source.context, request.at, measured=request.measured
    )


def _preview(request: PreviewEvents, importer: Importer) -> PreviewedEvents:
    prepared = prepare(request.event_source.template, importer)
    traces = _TraceCollector()
    engine = prepared.engine(
        request.event_source.stream,
        request.event_source.context,
        engine=request.engine,
        trace=traces,
    )
    times = np.full(request.count, request.at, dtype=np.int64)
    return PreviewedEvents(
        events=_events(engine, request.first, times, passed=0),
        seed=request.event_source.stream.seed,
        engine=engine.name,
        reason=engine.reason,
        warnings=_warnings(prepared),
        traces=tuple(traces.lines),
    )


def _recompute(request: RecomputeEvents) -> RecomputedEvents:
    event_source: EventSource = request.event_source
    engine = prepare(event_source.template).engine(event_source.stream, event_source.context)
    times = Pace(request.segments).scheduled(request.first, request.count)
    passed = END if request.on_error is OnError.SKIP else request.position
    events = _events(engine, request.first, times, passed=passed)
    return RecomputedEvents(request.first, events)


def _events(
    engine: Engine, first: int, times: NDArray[np.int64], *, passed: int
) -> tuple[bytes, ...]:
    """The texts of events, without those before `passed` that raise."""
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
        if size > MAX_PAGE_BYTES:
            raise RequestError(f"these events exceed {MAX_PAGE_BYTES >> 20} MiB: ask for fewer")
    return tuple(events)

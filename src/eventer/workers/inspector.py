"""An inspector: evaluates untrusted templates and answers requests about them."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
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
    ColumnType,
    EventContext,
    EventSource,
    KafkaTarget,
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
from eventer.plan.interpreter_engine import empty_batch
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
    LimitedRequest,
    PreviewedEvents,
    PreviewEvents,
    RecomputedEvents,
    RecomputeEvents,
    TemplateWarning,
    absent_field_warnings,
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

    The kernel kills the process with `SIGPROF` when a request exceeds its CPU time.

    Raises:
        EOFError: the service closed the channel, perhaps during a request.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    thread = large_stack_executor()
    importer = NoLibrary() if config.library is None else FolderImporter(config.library)
    loop = asyncio.get_running_loop()
    channel.send(Ready(fingerprint()))
    request = await channel.receive()
    while True:
        next_request = asyncio.create_task(channel.receive())
        answer = loop.run_in_executor(thread, _reply_within_limit, request, importer)
        await asyncio.wait({next_request, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            next_request.result()
        channel.send(await answer)
        request = await next_request


def warm_up() -> None:
    """Loads the code that every template needs, to keep requests fast. Starts no thread."""
    event_source = EventSource(Template(_WARM_UP_TEMPLATE), Stream(0), EventContext())
    _preview(PreviewEvents(event_source, at=0, first=0, count=3), NoLibrary(), lambda: None)


def _reply_within_limit(limited: LimitedRequest, importer: Importer) -> InspectorReply:
    limit = limited.limit
    _limit_cpu_time(limit.first)
    try:
        return _reply_to(limited.request, importer, lambda: _limit_cpu_time(limit.rest))
    finally:
        _limit_cpu_time(0)


def _limit_cpu_time(seconds: float) -> None:
    """The CPU time that this process may still use; 0 removes the limit.

    It counts CPU time, so a busy machine does not matter, and it also interrupts compiled code.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _reply_to(
    request: InspectorRequest, importer: Importer, on_first: Callable[[], None]
) -> InspectorReply:
    """The answer to a request, or an error in its place. Never raises."""
    try:
        return InspectorReply(_answer(request, importer, on_first))
    except EventerError as error:
        return InspectorReply(error)
    except MemoryError:
        return InspectorReply(BudgetError("the template exceeds the memory limit of a worker"))
    except RecursionError:
        return InspectorReply(BudgetError("the template is nested too deeply"))
    except Exception:  # noqa: BLE001  the service must get an answer
        _log.exception("an inspector failed unexpectedly")
        return InspectorReply(_internal_error())


def _internal_error() -> TemplateError:
    return TemplateError(
        "an internal error of Eventer prevents the evaluation of this template",
        hint="the log has the details; please report them",
    )


def _answer(
    request: InspectorRequest, importer: Importer, on_first: Callable[[], None]
) -> InspectorAnswer:
    match request:
        case InspectTemplate():
            return _inspect(request, importer)
        case PreviewEvents():
            return _preview(request, importer, on_first)
        case RecomputeEvents():
            return _recompute(request, on_first)
        case ExplainTemplate():
            return _explain(request, importer, on_first)


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
    rejections = dict(_rejections(request.targets, prepared, batches))
    accepted = (target for target in request.targets if target not in rejections)
    absent = {target: _absent_fields(target, prepared, batches) for target in accepted}
    absent_warnings = (
        absent_field_warnings(target, replace(prepared.shape, absent=fields))
        for target, fields in absent.items()
    )
    return Inspection(
        template=prepared.template,
        digest=prepared.program.digest.hex(),
        fingerprint=prepared.fingerprint,
        engine=engine.name,
        reason=engine.reason,
        shape=prepared.shape,
        warnings=(*_warnings(prepared), *chain.from_iterable(absent_warnings)),
        rejections=rejections,
        absent={target: fields for target, fields in absent.items() if fields},
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
    if isinstance(target, KafkaTarget):
        from eventer.destinations.kafka.option_fields import check_option_fields

        check_option_fields(prepared.shape, target)


def _absent_fields(
    target: Target, prepared: PreparedTemplate, batches: list[Batch]
) -> tuple[str, ...]:
    """The fields that options of the target name and that no event has."""
    if not isinstance(target, KafkaTarget):
        return ()
    from eventer.destinations.kafka.option_fields import absent_fields

    def has_value(pointer: str) -> bool:
        columns = (batch.fields.column(pointer, ColumnType.KEY) for batch in batches)
        return any(column.null_count < len(column) for column in columns)

    return absent_fields(prepared.shape, target, has_value)


def _has_objects(batch: Batch) -> bool:
    return any(text.as_py().startswith(b"{") for text in batch.text)


# --- explain, show and recompute ------------------------------------------------------------------


def _explain(
    request: ExplainTemplate, importer: Importer, on_first: Callable[[], None]
) -> TemplateExplanation:
    event_source = request.event_source
    prepared = prepare(event_source.template, importer)
    return explain_template(
        prepared,
        event_source.stream,
        event_source.context,
        request.at,
        measured=request.measured,
        on_explained=on_first,
    )


def _preview(
    request: PreviewEvents, importer: Importer, on_first: Callable[[], None]
) -> PreviewedEvents:
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
        events=_events(engine, request.first, times, passed=0, on_first=on_first),
        seed=request.event_source.stream.seed,
        engine=engine.name,
        reason=engine.reason,
        warnings=_warnings(prepared),
        traces=tuple(traces.lines),
    )


def _recompute(request: RecomputeEvents, on_first: Callable[[], None]) -> RecomputedEvents:
    event_source: EventSource = request.event_source
    engine = prepare(event_source.template).engine(event_source.stream, event_source.context)
    times = Pace(request.segments).scheduled(request.first, request.count)
    passed = END if request.on_error is OnError.SKIP else request.position
    events = _events(engine, request.first, times, passed=passed, on_first=on_first)
    return RecomputedEvents(request.first, events)


def _events(
    engine: Engine,
    first: int,
    times: NDArray[np.int64],
    *,
    passed: int,
    on_first: Callable[[], None],
) -> tuple[bytes, ...]:
    """The texts of events, without those before `passed` that raise."""
    events: list[bytes] = []
    size, at = 0, first
    while at < first + len(times):
        try:
            batch = engine.generate(at, times[at - first :], time.monotonic_ns() + _SLICE_NS)
        except TemplateError:
            if at >= passed:
                raise
            batch = empty_batch(at)
        if at == first:
            on_first()
        at = batch.next
        events += batch.text.to_pylist()
        size += batch.nbytes
        if size > MAX_PAGE_BYTES:
            raise RequestError(f"these events exceed {MAX_PAGE_BYTES >> 20} MiB: ask for fewer")
    return tuple(events)

"""Answers the requests about a template: inspect, explain, preview, format and recompute."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import BudgetError, EventerError, RequestError, TemplateError
from eventer.core.fault_rules import FaultKind, FaultRule, delay_rules, longest_delay
from eventer.core.json_text import json_text
from eventer.core.logs import event
from eventer.core.model import ConsoleTarget, GeneratorSpec, OnError, TimelineSpec
from eventer.core.source import Source
from eventer.core.timelines import no_step_text
from eventer.jsonnet.format.formatter import format_source
from eventer.jsonnet.importer import Importer
from eventer.plan.engine import Engine
from eventer.plan.explain_template import explain_template
from eventer.plan.explanation import TemplateExplanation
from eventer.plan.interpreter_engine import empty_batch
from eventer.plan.prepare import PreparedTemplate, prepare, prepare_stored
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.runs.pacing import END, Pace
from eventer.runs.populations import bound_populations, own_populations
from eventer.workers.evaluated_steps import (
    EvaluatedSteps,
    evaluate_steps,
    in_delivery_order,
    only_warnings,
)
from eventer.workers.field_profiles import profile_fields
from eventer.workers.inspect_template import (
    SLICE_NS,
    check_fault_rules,
    check_options,
    dry_run,
    inspect_template,
    option_field_warnings,
)
from eventer.workers.inspector_messages import (
    ExplainTemplate,
    FormattedTemplate,
    FormatTemplate,
    HealthyEvent,
    InspectorAnswer,
    InspectorReply,
    InspectorRequest,
    InspectTemplate,
    PreviewedEvents,
    PreviewedStep,
    PreviewEvents,
    ProfileTemplate,
    RecomputedEvents,
    RecomputedFaults,
    RecomputeEvents,
    RecomputeFaults,
    RecomputeSteps,
    RecomputeTimelines,
    TemplateProfile,
    TemplateWarning,
)
from eventer.workers.recomputed_steps import previewed_steps, recompute_steps, recompute_timelines
from eventer.workers.template_notes import TraceCollector, template_warnings

MAX_PAGE_BYTES: Final = 32 << 20
"""The most bytes of event text in one answer."""
_PROFILED_BYTES: Final = 8 << 20
"""Bytes of event text after which a profile uses the events that it has."""
_WARNING_SECONDS: Final = 1.0
"""CPU time after which a preview seeks the fields of its options in the events that it has."""

_log = logging.getLogger(__name__)


def reply_to(
    request: InspectorRequest, importer: Importer, on_first: Callable[[], None] = lambda: None
) -> InspectorReply:
    """The answer to a request, or an error in its place. Never raises.

    `on_first` is called when the first event or the plan is known.
    """
    try:
        return InspectorReply(_answer(request, importer, on_first))
    except EventerError as error:
        return InspectorReply(error)
    except MemoryError:
        return InspectorReply(BudgetError("the template exceeds the memory limit of a worker"))
    except RecursionError:
        return InspectorReply(BudgetError("the template is nested too deeply"))
    except Exception:  # noqa: BLE001  the service must get an answer
        _log.exception("an inspector failed unexpectedly", extra=event("inspector_failed"))
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
            return inspect_template(request, importer)
        case PreviewEvents():
            return _preview(request, importer, on_first)
        case RecomputeEvents():
            return _recompute(request, on_first)
        case RecomputeTimelines():
            return _shown_steps(recompute_timelines(request, _check_size), request.record.spec)
        case RecomputeSteps():
            return _shown_steps(recompute_steps(request, _check_size), request.record.spec)
        case RecomputeFaults():
            return _recompute_faults(request.events, on_first)
        case ExplainTemplate():
            return _explain(request, importer, on_first)
        case ProfileTemplate():
            return profile_template(request, importer)
        case FormatTemplate(text):
            return _format(text)


def _format(text: str) -> FormattedTemplate:
    formatted = format_source(Source("template", text))
    if len(formatted) > MAX_PAGE_BYTES:
        raise RequestError(
            f"the formatted template exceeds {MAX_PAGE_BYTES >> 20} MiB: nest its lines less deeply"
        )
    return FormattedTemplate(formatted, formatted != text)


def profile_template(request: ProfileTemplate, importer: Importer) -> TemplateProfile:
    """Profiles the events of a template.

    Raises:
        TemplateError: the template is invalid, or all of its events raise.
    """
    end = time.thread_time_ns() + int(request.seconds * NS_PER_SECOND)
    source = request.event_source
    engine = prepare(source.template, importer).engine(source.stream, source.context)
    times = np.full(request.count, request.at, dtype=np.int64)
    batches, failing = dry_run(engine, times, end, _PROFILED_BYTES)
    profiles = profile_fields(text for batch in batches for text in batch.text.to_pylist())
    return TemplateProfile(profiles, source.stream.seed, engine.name, engine.reason, failing)


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
        timeline=request.timeline,
        on_explained=on_first,
    )


def _preview(
    request: PreviewEvents, importer: Importer, on_first: Callable[[], None]
) -> PreviewedEvents:
    prepared = prepare(request.event_source.template, importer)
    if request.timeline is not None:
        prepared = prepared.of_steps(request.timeline.only)
        return _preview_timelines(request, request.timeline, prepared, on_first)
    target = ConsoleTarget(value=request.part.value, omit=request.part.omit)
    check_options(prepared, target)
    check_fault_rules(prepared, target, request.faults)
    traces = TraceCollector()
    engine = prepared.engine(
        request.event_source.stream,
        request.event_source.context,
        part=request.part,
        engine=request.engine,
        trace=traces,
        populations=own_populations(
            prepared.template.own_name, lambda _, count: _due_at(request.at, count)
        ),
    )
    stream = request.event_source.stream
    engine = prepared.with_faults(engine, stream, request.faults, target)
    steps: tuple[PreviewedStep, ...] = ()
    if delay_rules(request.faults):
        delayed = prepared.delayed_events(engine, stream, request.faults)
        spec = TimelineSpec(longest_delay(request.faults))
        events, steps = _steps_to_show(request, delayed, spec, on_first)
    else:
        times = _due_at(request.at, request.count)
        _, events = _events(engine, request.first, times, passed=0, on_first=on_first)
    absent = option_field_warnings(
        prepared,
        request.event_source,
        target,
        rules=request.faults,
        at=request.at,
        seconds=_WARNING_SECONDS,
    )
    return PreviewedEvents(
        events=_shown(events, request.faults),
        seed=request.event_source.stream.seed,
        engine=engine.name,
        reason=engine.reason,
        warnings=(*template_warnings(prepared), *absent),
        traces=tuple(traces.lines),
        steps=steps,
    )


def _preview_timelines(
    request: PreviewEvents,
    spec: TimelineSpec,
    prepared: PreparedTemplate,
    on_first: Callable[[], None],
) -> PreviewedEvents:
    check_options(prepared, ConsoleTarget(value=request.part.value, omit=request.part.omit))
    source, traces = request.event_source, TraceCollector()
    timelines = prepared.timelines(
        source.stream,
        source.context,
        spec.horizon,
        part=request.part,
        engine=request.engine,
        trace=traces,
    )
    events, steps = _steps_to_show(request, timelines, spec, on_first)
    warnings = only_warnings(timelines, spec.only)
    if spec.only is not None and not steps:
        warnings = warnings or (TemplateWarning(no_step_text(spec.only), None),)
    return PreviewedEvents(
        events=events,
        seed=source.stream.seed,
        engine=timelines.name,
        reason=timelines.reason,
        warnings=(*template_warnings(prepared), *warnings),
        traces=tuple(traces.lines),
        steps=steps,
    )


def _steps_to_show(
    request: PreviewEvents, timelines: Timelines, spec: TimelineSpec, on_first: Callable[[], None]
) -> tuple[tuple[bytes, ...], tuple[PreviewedStep, ...]]:
    """The events of steps in the order of delivery, and the step of each."""
    parts: list[EvaluatedSteps] = []
    size = 0
    for part in evaluate_steps(timelines, spec, request.at, request.first, request.count):
        on_first()
        parts.append(part)
        size += part.nbytes
        _check_size(size)
    shown = in_delivery_order(parts)
    for error in shown.errors.values():
        raise error
    return tuple(shown.texts.texts.to_pylist()), previewed_steps(shown)


def _recompute(request: RecomputeEvents, on_first: Callable[[], None]) -> RecomputedEvents:
    _, engine, times, passed = _recomputation(request)
    indices, events = _events(engine, request.first, times, passed=passed, on_first=on_first)
    return RecomputedEvents(request.first, _shown(events, request.faults), indices)


def _due_at(at: int, count: int) -> NDArray[np.int64]:
    """The due times of events that are all due at one instant."""
    return np.full(count, at, dtype=np.int64)


def _recompute_faults(request: RecomputeEvents, on_first: Callable[[], None]) -> RecomputedFaults:
    prepared, engine, times, passed = _recomputation(request)
    if not request.faults:
        return RecomputedFaults(request.first, ())
    delayed = prepared.delayed_events(engine, request.event_source.stream, request.faults)
    found: list[HealthyEvent] = []
    size = 0
    healthy = delayed.engine_of_healthy
    for batch in _batches(healthy, request.first, times, passed=passed, on_first=on_first):
        for row, faults in delayed.faults(batch):
            text = batch.text[row].as_py()
            found.append(HealthyEvent(int(batch.index[row]), faults, text))
            size += len(text)
        _check_size(size)
    return RecomputedFaults(request.first, tuple(found))


def _recomputation(
    request: RecomputeEvents,
) -> tuple[PreparedTemplate, Engine, NDArray[np.int64], int]:
    """The engine and the due times of events, and the index before which errors are passed."""
    spec = GeneratorSpec(
        request.event_source, request.target, on_null=request.on_null, faults=request.faults
    )
    prepared = prepare_stored(spec.event_source.template)
    pace = Pace(request.segments)
    count = max(0, min(request.count, pace.limit - request.first))
    times = pace.scheduled(request.first, count)
    passed = END if request.on_error is OnError.SKIP else request.position
    engine = prepared.generator_engine(spec, populations=bound_populations(request.bindings))
    return prepared, engine, times, passed


def _shown_steps(answer: RecomputedEvents, spec: GeneratorSpec) -> RecomputedEvents:
    return replace(answer, events=_shown(answer.events, spec.faults))


def _shown(events: tuple[bytes, ...], rules: Sequence[FaultRule]) -> tuple[bytes, ...]:
    """The events as JSON; a malformed one as its text in a string."""
    if all(rule.kind is not FaultKind.MALFORMED for rule in rules):
        return events
    return tuple(map(_json_or_string, events))


def _json_or_string(text: bytes) -> bytes:
    try:
        json.loads(text)
    except ValueError:
        return json_text(text.decode()).encode()
    return text


def _events(
    engine: Engine,
    first: int,
    times: NDArray[np.int64],
    *,
    passed: int,
    on_first: Callable[[], None],
) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    """The indices and texts of events, without those before `passed` that raise."""
    indices: list[int] = []
    events: list[bytes] = []
    size = 0
    for batch in _batches(engine, first, times, passed=passed, on_first=on_first):
        indices += batch.index.tolist()
        events += batch.text.to_pylist()
        size += batch.nbytes
        _check_size(size)
    return tuple(indices), tuple(events)


def _batches(
    engine: Engine,
    first: int,
    times: NDArray[np.int64],
    *,
    passed: int,
    on_first: Callable[[], None],
) -> Iterator[Batch]:
    """Batches of events, without those before `passed` that raise."""
    at = first
    while at < first + len(times):
        try:
            batch = engine.generate(at, times[at - first :], time.monotonic_ns() + SLICE_NS)
        except TemplateError:
            if at >= passed:
                raise
            batch = empty_batch(at)
        if at == first:
            on_first()
        at = batch.next
        yield batch


def _check_size(size: int) -> None:
    if size > MAX_PAGE_BYTES:
        raise RequestError(f"these events exceed {MAX_PAGE_BYTES >> 20} MiB: ask for fewer")

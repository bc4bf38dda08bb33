"""Recomputes the steps of a generator of timelines: those of timelines, or the newest ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import starmap

from eventer.core.model import GeneratorSpec, OnError, OnNull
from eventer.plan.null_events import without_nulls
from eventer.plan.prepare import prepare_stored
from eventer.workers.delivered_steps import timeline_starts
from eventer.workers.evaluated_steps import EvaluatedSteps, evaluate_steps, in_delivery_order
from eventer.workers.inspector_messages import (
    PreviewedStep,
    RecomputedEvents,
    RecomputeSteps,
    RecomputeTimelines,
)
from eventer.workers.replayed_steps import StepReplay


def recompute_timelines(
    request: RecomputeTimelines, check_size: Callable[[int], None]
) -> RecomputedEvents:
    """The steps of some timelines, in the order of their delivery.

    `check_size` is called with the size of the answer so far.

    Raises:
        TemplateError: one of them raises, and it is not left out.
    """
    spec, starts = request.record.spec, timeline_starts(request.record.segments)
    count = max(0, min(request.count, starts.limit - request.first))
    source, timeline = spec.event_source, spec.timeline
    assert timeline is not None
    timelines = prepare_stored(source.template).timelines(
        source.stream, source.context, timeline.horizon, part=spec.target.part
    )
    times = starts.times(request.first, count)
    parts: list[EvaluatedSteps] = []
    size = 0
    for part in evaluate_steps(timelines, timeline, times, request.first, count):
        for index, error in sorted(part.errors.items()):
            if spec.on_error is not OnError.SKIP and index >= request.begun:
                raise error
        size += part.nbytes
        check_size(size)
        parts.append(part)
    shown = in_delivery_order(parts) if parts else None
    return RecomputedEvents(request.first, (), ()) if shown is None else _answer(request, shown)


def _answer(request: RecomputeTimelines, shown: EvaluatedSteps) -> RecomputedEvents:
    kept = _kept(request.record.spec, shown)
    texts, steps = shown.texts.texts.to_pylist(), previewed_steps(shown)
    return RecomputedEvents(
        request.first,
        tuple(texts[row] for row in kept),
        tuple(steps[row].index for row in kept),
        tuple(steps[row] for row in kept),
    )


def _kept(spec: GeneratorSpec, shown: EvaluatedSteps) -> list[int]:
    """The rows that are not dropped as null."""
    batch = shown.batch(0)
    if spec.on_null is OnNull.DROP:
        batch = without_nulls(batch, spec.target.op)
    return list(batch.index.tolist())


def recompute_steps(request: RecomputeSteps, check_size: Callable[[int], None]) -> RecomputedEvents:
    """The steps with some delivery numbers."""
    replay = StepReplay(request.record, request.since, request.cursor)
    indices: list[int] = []
    events: list[bytes] = []
    at, end, size = request.first, request.first + request.count, 0
    while at < end and (batch := replay.batch(at, end)) is not None:
        indices += batch.index.tolist()
        events += batch.text.to_pylist()
        size += batch.nbytes
        check_size(size)
        at = batch.next
    return RecomputedEvents(request.first, tuple(events), tuple(indices))


def previewed_steps(shown: EvaluatedSteps) -> tuple[PreviewedStep, ...]:
    """The steps as an answer shows them."""
    steps = shown.steps
    columns = (steps.index.tolist(), steps.step.tolist(), steps.due.tolist())
    return tuple(starmap(PreviewedStep, zip(*columns, shown.names, strict=True)))

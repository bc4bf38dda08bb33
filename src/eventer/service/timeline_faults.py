"""Checks what requests say about timelines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import Fault
from eventer.core.fault_rules import longest_delay
from eventer.core.model import CatchUp
from eventer.core.pace import PaceSpec
from eventer.core.pointer import format_pointer
from eventer.core.timelines import MAX_BEGUN_TIMELINES, TimelineSpec
from eventer.plan.timelines.timeline_rows import TimelineUnit
from eventer.registry.base import GeneratorRecord
from eventer.runs.pacing import END, peak_rate
from eventer.service.requests import AddRequest, EventRequest

if TYPE_CHECKING:
    from eventer.service.resolved_schedule import ResolvedSchedule


def timeline_faults(request: AddRequest) -> Iterator[Fault]:
    """The faults of the timelines of an add request."""
    for number, event in enumerate(request.events):
        path: list[str | int] = ["events", number]
        if event.timeline is None:
            yield from _delay_faults(event, format_pointer([*path, "faults"]))
            continue
        if event.faults:
            pointer = format_pointer([*path, "faults"])
            message = "faults are not available for timelines yet"
            yield Fault(pointer, message, "omit `faults` or `timeline`")
        if event.pace is not None and (problem := too_many_timelines(event.pace, event.timeline)):
            yield Fault(format_pointer([*path, "timeline", "horizon"]), *problem)
    yield from _schedule_faults(request)


def _delay_faults(event: EventRequest, pointer: str) -> Iterator[Fault]:
    """Late events and copies of too many events."""
    horizon = longest_delay(event.faults)
    if event.pace is not None and horizon:
        problem = too_many_timelines(event.pace, TimelineSpec(horizon), unit="event")
        if problem:
            yield Fault(pointer, *problem)


def _schedule_faults(request: AddRequest) -> Iterator[Fault]:
    timelines = {event.id: event for event in request.events if event.timeline is not None}
    taken: set[str] = set()
    for number, schedule in enumerate(request.schedules):
        path: list[str | int] = ["schedules", number]
        if schedule.event_id not in timelines:
            if schedule.only is not None:
                message = f"event {schedule.event_id!r} does not give timelines"
                yield Fault(format_pointer([*path, "only"]), message, "give it a `timeline`")
            continue
        event = timelines[schedule.event_id]
        if schedule.event_id in taken and event.catch_up is not CatchUp.REPLAY:
            message = (
                f"event {schedule.event_id!r} gives timelines and has several schedules: after a "
                "downtime they would start at different times"
            )
            hint = 'give the event `"catch_up": "replay"`'
            yield Fault(format_pointer([*path, "event_id"]), message, hint)
        taken.add(schedule.event_id)


def sibling_faults(
    resolved: ResolvedSchedule, record: GeneratorRecord, others: Iterable[GeneratorRecord]
) -> Iterator[Fault]:
    """A change of a generator without the `others` that deliver steps of the same timelines."""
    labels = [each.label for each in others if _has_same_timelines(record, each)]
    if labels:
        yield Fault(
            format_pointer(["schedules", resolved.number]),
            "changes the pace or a policy of timelines that other generators deliver, too: "
            f"{', '.join(labels)}",
            "list the schedules of all of them in one request",
        )


def _has_same_timelines(record: GeneratorRecord, other: GeneratorRecord) -> bool:
    """Whether two generators deliver steps of the same timelines at the same times."""
    spec, others = record.spec, other.spec
    if spec.timeline is None or others.timeline is None or record.id == other.id:
        return False
    same = (spec.event_source, spec.timeline.horizon, record.segments)
    return same == (others.event_source, others.timeline.horizon, other.segments)


def too_many_timelines(
    pace: PaceSpec,
    timeline: TimelineSpec,
    limit: int = END,
    waiting: float = 1.0,
    unit: TimelineUnit = "timeline",
) -> tuple[str, str] | None:
    """What is wrong if too many of `limit` timelines start within a horizon, and a hint.

    `waiting` is the share of them that has steps after the start.
    """
    limit = limit if pace.max_events is None else min(limit, pace.max_events)
    begun = min(peak_rate(pace) * timeline.horizon / NS_PER_SECOND, limit) * waiting
    if begun <= MAX_BEGUN_TIMELINES:
        return None
    if unit == "event":
        message = f"{begun:,.0f} events are due within the longest delay"
        hint = "choose a lower rate or shorter delays"
    else:
        message = f"{begun:,.0f} timelines start within one horizon"
        hint = "choose a lower rate or a shorter horizon"
    return f"{message}, more than {MAX_BEGUN_TIMELINES:,}", hint

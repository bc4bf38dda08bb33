"""Resolves add requests: which generators are new, which exist, what changes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eventer.core.errors import Fault
from eventer.core.instant import parse_moment
from eventer.core.model import (
    EventShape,
    EventSource,
    GeneratorSpec,
    GeneratorState,
    GrowingPopulation,
    ReferencedStream,
    Segment,
    Stream,
    Target,
)
from eventer.core.pace import PaceSpec
from eventer.core.pointer import format_pointer
from eventer.core.suggestions import did_you_mean
from eventer.core.timelines import no_step_text
from eventer.registry.base import (
    BeginSegment,
    BegunFingerprint,
    Change,
    GeneratorRecord,
    SetPolicies,
    SetState,
    stream_key,
)
from eventer.runs.pace.arrivals import arrivals_key
from eventer.runs.pacing import Pace, begin, repace
from eventer.service.event_references import all_referenced, is_delayed, with_generators
from eventer.service.identity import generator_id, identity_text
from eventer.service.request_faults import raise_faults
from eventer.service.requests import AddRequest, EventRequest
from eventer.workers.inspector_messages import Inspection


@dataclass(frozen=True, slots=True)
class ResolvedSchedule:
    """A schedule of a request, and the generator that it asks for.

    `number`, `event_number` and `destination_number` are indices in the request. The seed of `spec`
    is the explicit one, or a random one that `seeds_of` may replace.
    """

    id: int
    identity: str
    spec: GeneratorSpec
    number: int
    event: EventRequest
    event_number: int
    destination_number: int
    inspection: Inspection
    name: str | None = None

    @property
    def stream_key(self) -> str:
        """The key of the stream that its events are drawn from."""
        return stream_key(self.spec.stream.name, self.spec.digest)

    @property
    def pace(self) -> PaceSpec:
        """The pace, which every event with a schedule has."""
        pace = self.event.pace
        assert pace is not None
        return pace

    @property
    def mutable_fields(self) -> tuple[object, ...]:
        """The fields that are not part of the identity and may change."""
        event = self.event
        return (event.pace, event.on_error, event.catch_up)


def resolve_schedules(
    request: AddRequest, event_sources: Sequence[EventSource], inspections: Sequence[Inspection]
) -> tuple[ResolvedSchedule, ...]:
    """The generators that a request asks for, one for each schedule.

    `event_sources` are those of the request's events, `inspections` those of its schedules, in
    their order.

    Raises:
        RequestError: it is ambiguous to which generators a schedule's event refers.
    """
    resolution = _Resolution(request, event_sources, inspections)
    numbers = range(len(request.schedules))
    raise_faults([fault for number in numbers for fault in resolution.faults(number)])
    return tuple(map(resolution.resolved, numbers))


class _Resolution:
    """Resolves the schedules of a request, those first that others refer to."""

    def __init__(
        self,
        request: AddRequest,
        event_sources: Sequence[EventSource],
        inspections: Sequence[Inspection],
    ) -> None:
        self._request = request
        self._event_sources = event_sources
        self._inspections = inspections
        self._destinations = {d.id: number for number, d in enumerate(request.destinations)}
        self._events = {e.id: number for number, e in enumerate(request.events)}
        self._known: dict[int, ResolvedSchedule] = {}
        self._by_event: dict[str, list[int]] = {}
        for number, schedule in enumerate(request.schedules):
            self._by_event.setdefault(schedule.event_id, []).append(number)

    def resolved(self, number: int) -> ResolvedSchedule:
        """The generator of a schedule."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._resolve(number)
        return found

    def faults(self, number: int) -> Iterator[Fault]:
        """References of a schedule's event that are ambiguous, or that it cannot have."""
        event_number = self._events[self._request.schedules[number].event_id]
        if is_delayed(self._request.events[event_number].faults):
            template = self._inspections[number].template
            if template.own_name:
                yield Fault(
                    format_pointer(["events", event_number, "faults"]),
                    "late and duplicate events cannot refer to earlier events of their own stream",
                    "omit `late` and `duplicate`, or refer to an event without a schedule",
                )
            for each in template.references:
                if isinstance(each.population, GrowingPopulation):
                    yield Fault(
                        format_pointer(["events", event_number, "faults"]),
                        f"late and duplicate events cannot refer to {each.name!r}, which has a "
                        "schedule",
                        "omit `late` and `duplicate`, or refer to an event without a schedule",
                    )
        for stream in self._streams(number):
            if len(self._referenced(stream, number)) > 1:
                yield Fault(
                    format_pointer(["schedules", number]),
                    f"its event refers to {stream.name!r}, which has several schedules",
                    f"send it to a connection to which only one schedule sends {stream.name!r}",
                )

    def _resolve(self, number: int) -> ResolvedSchedule:
        schedule = self._request.schedules[number]
        event_number = self._events[schedule.event_id]
        event, inspection = self._request.events[event_number], self._inspections[number]
        target = self._target(number)
        spec = _spec(event, self._event_sources[event_number], inspection, target, schedule.only)
        ids = {each.name: self._referenced(each, number)[0] for each in self._streams(number)}
        spec = with_generators(spec, {**self._indirect(ids.values()), **ids})
        identity = identity_text(spec)
        return ResolvedSchedule(
            generator_id(identity),
            identity,
            spec,
            number,
            event,
            event_number,
            self._destinations[schedule.destination_id],
            inspection,
            schedule.name,
        )

    def _streams(self, number: int) -> list[ReferencedStream]:
        """The streams of generators of the request to which the event of a schedule refers."""
        references = self._inspections[number].template.references
        return [each for each in references if each.population == GrowingPopulation()]

    def _referenced(self, stream: ReferencedStream, number: int) -> list[int]:
        """The ids of a stream's generators: those of the schedule's connection, if any."""
        connection = self._target(number).connection
        numbers = self._by_event[stream.name]
        near = [each for each in numbers if self._target(each).connection == connection]
        return sorted({self.resolved(each).id for each in near or numbers})

    def _indirect(self, ids: Iterable[int]) -> Mapping[str, int]:
        """The generators of the streams to which those of generators of the request refer."""
        specs = {each.id: each.spec for each in self._known.values()}
        return {name: id_ for each in ids for name, id_ in all_referenced(specs[each]).items()}

    def _target(self, number: int) -> Target:
        destination = self._request.schedules[number].destination_id
        return self._request.destinations[self._destinations[destination]].target


def _spec(
    event: EventRequest,
    event_source: EventSource,
    inspection: Inspection,
    target: Target,
    only: str | None,
) -> GeneratorSpec:
    return GeneratorSpec(
        replace(event_source, template=inspection.template),
        target,
        shape=replace(
            _shape(inspection, target),
            absent=inspection.absent.get(target, ()),
            timestamp_unit=inspection.timestamp_units.get(target),
        ),
        on_error=event.on_error,
        catch_up=event.catch_up,
        engine=inspection.engine,
        engine_reason=inspection.reason,
        digest=inspection.digest,
        explicit_seed=event.seed is not None,
        on_null=event.on_null,
        faults=event.faults,
        timeline=event.timeline and replace(event.timeline, only=only),
    )


def _shape(inspection: Inspection, target: Target) -> EventShape:
    """What the destination must know in advance: its columns, or the fields of its options."""
    if target.has_columns:
        return inspection.written_shape(target)
    return replace(inspection.shape, schemas=inspection.record_schemas.get(target))


def conflicts(resolved: Sequence[ResolvedSchedule]) -> Iterator[Fault]:
    """Schedules that ask for one generator with different paces or policies."""
    first: dict[int, ResolvedSchedule] = {}
    for each in resolved:
        other = first.setdefault(each.id, each)
        if other.mutable_fields != each.mutable_fields:
            yield Fault(
                format_pointer(["schedules", each.number]),
                f"asks for the generator of schedule {other.number} with another pace or policy",
                "use the same pace and policies, or different datasets, streams or destinations",
            )


def only_faults(resolved: Sequence[ResolvedSchedule]) -> Iterator[Fault]:
    """Schedules of steps with a name that no step can have, as far as that is known in advance."""
    for each in resolved:
        timeline, names = each.spec.timeline, each.inspection.step_names
        only = None if timeline is None else timeline.only
        if only is not None and names is not None and only not in names:
            hint = did_you_mean(only, filter(None, names))
            yield Fault(
                format_pointer(["schedules", each.number, "only"]), no_step_text(only), hint
            )


def seeds_of(
    resolved: Sequence[ResolvedSchedule], drawn_seed: Mapping[str, int], known: Mapping[str, int]
) -> Mapping[int, int]:
    """The seed of each requested generator, by id.

    It is the explicit one, or that of an existing generator with this stream and template (`known`,
    by seed key), or a random one (`drawn_seed`, by stream key).
    """
    return {
        each.id: each.spec.stream.seed
        if each.spec.explicit_seed
        else known.get(seed_key(each), drawn_seed[each.stream_key])
        for each in resolved
    }


def seed_key(resolved: ResolvedSchedule) -> str:
    """The key of stream and template: generators with equal keys share a seed."""
    return f"{resolved.stream_key} {resolved.spec.digest}"


def new_record(
    resolved: ResolvedSchedule, *, name: str, seed: int, shards: int, now: int
) -> GeneratorRecord:
    """The record of a new generator. Its pace begins at its `start`, or at once."""
    spec = resolved.spec
    event_source = replace(spec.event_source, stream=replace(spec.stream, seed=seed))
    return GeneratorRecord(
        id=resolved.id,
        name=name,
        identity=resolved.identity,
        spec=replace(spec, event_source=event_source),
        shard=resolved.id % shards,
        segments=(_first_segment(resolved.pace, event_source.stream, spec.digest, now),),
        created_at=now,
        updated_at=now,
        fingerprints=(BegunFingerprint(0, resolved.inspection.fingerprint),),
    )


def _first_segment(pace: PaceSpec, stream: Stream, digest: str, now: int) -> Segment:
    t0 = now if pace.start is None else parse_moment(pace.start, now)
    return begin(t0, 0, pace, _draw_key(pace, stream, digest))


def _draw_key(pace: PaceSpec, stream: Stream, digest: str) -> int:
    return arrivals_key(stream, digest) if pace.arrivals == "random" else 0


def requested_pace(record: GeneratorRecord, resolved: ResolvedSchedule) -> PaceSpec:
    """The pace that a request asks for; without a `start`, the one of the generator stays."""
    if resolved.pace.start is None:
        return replace(resolved.pace, start=record.pace.start)
    return resolved.pace


def start_fault(record: GeneratorRecord, resolved: ResolvedSchedule) -> Iterator[Fault]:
    """Another `start` for a generator that exists: its first events have their times."""
    start = resolved.pace.start
    if start is not None and start != record.pace.start:
        yield Fault(
            format_pointer(["events", resolved.event_number, "pace", "start"]),
            f"generator {record.label} exists and began at another time",
            "leave `start` out, or remove the generator first",
        )


def end_faults(
    record: GeneratorRecord, resolved: ResolvedSchedule, begun: int, now: int
) -> Iterator[Fault]:
    """Another end, before timelines that have `begun`: each of them is delivered completely."""
    pace = resolved.pace
    if not begun or not _has_other_pace(record, resolved):
        return
    path: list[str | int] = ["events", resolved.event_number, "pace"]
    message = f"{begun:,} timelines have begun, and each is delivered completely"
    if pace.max_events is not None and pace.max_events < begun:
        hint = f"choose at least {begun}, or pause the generator"
        yield Fault(format_pointer([*path, "max_events"]), message, hint)
    if pace.end is not None and pace.end <= now:
        hint = "choose a later `end`, or pause the generator"
        yield Fault(format_pointer([*path, "end"]), message, hint)


def needs_change(record: GeneratorRecord, resolved: ResolvedSchedule) -> bool:
    """Whether a request changes an existing generator, or starts a failed one again."""
    return record.state is GeneratorState.FAILED or changes_schedule(record, resolved)


def changes_schedule(record: GeneratorRecord, resolved: ResolvedSchedule) -> bool:
    """Whether a request changes the pace or the policies of an existing generator."""
    return _has_other_pace(record, resolved) or _has_other_policies(record, resolved.event)


def _has_other_pace(record: GeneratorRecord, resolved: ResolvedSchedule) -> bool:
    return requested_pace(record, resolved) != record.pace


def _has_other_policies(record: GeneratorRecord, event: EventRequest) -> bool:
    return (event.on_error, event.catch_up) != (record.spec.on_error, record.spec.catch_up)


def changes_to(record: GeneratorRecord, resolved: ResolvedSchedule, now: int) -> Iterator[Change]:
    """The changes that turn a withdrawn generator into the requested one."""
    event = resolved.event
    if _has_other_pace(record, resolved):
        pace = Pace(record.segments)
        wanted = requested_pace(record, resolved)
        key = _draw_key(wanted, record.spec.stream, record.spec.digest)
        segment = repace(pace, now, wanted, key)
        yield BeginSegment(record.id, record.incarnation, segment, now)
    if _has_other_policies(record, event):
        yield SetPolicies(record.id, record.incarnation, event.on_error, event.catch_up, now)
    ended = record.state is GeneratorState.FINISHED and _has_other_pace(record, resolved)
    if record.state is GeneratorState.FAILED or ended:
        yield SetState(record.id, record.incarnation, GeneratorState.RUNNING, None, now)

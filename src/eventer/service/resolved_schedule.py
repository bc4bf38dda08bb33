"""What an add request comes to: which generators are new, which are there, what changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventer.core.errors import Fault
from eventer.core.model import GeneratorState, Stream
from eventer.core.pointer import format_pointer
from eventer.registry.base import (
    Add,
    BeginSegment,
    Change,
    GeneratorRecord,
    SetPolicies,
    SetState,
    stream_key,
)
from eventer.runs.pacing import Pace, begin, repace
from eventer.service.identity import generator_id, identity_text
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest
from eventer.workers.messages import Inspection


@dataclass(frozen=True, slots=True)
class ResolvedSchedule:
    """A schedule of a request with all that is known of it: the generator that it asks for."""

    id: int
    identity: str
    number: int
    event: EventRequest
    event_number: int
    destination: DestinationRequest
    destination_number: int
    inspection: Inspection

    @property
    def stream_key(self) -> str:
        """What stream its events are of."""
        return stream_key(self.event.stream, self.inspection.digest)

    @property
    def mutable_fields(self) -> tuple[object, ...]:
        """What is not of its identity, and may change."""
        event = self.event
        return (event.count, event.interval, event.on_error, event.catch_up)


def resolve_schedules(
    request: AddRequest, inspections: Sequence[Inspection]
) -> tuple[ResolvedSchedule, ...]:
    """The generators that a request asks for, one for each schedule."""
    destinations = {d.id: (number, d) for number, d in enumerate(request.destinations)}
    events = {e.id: (number, e) for number, e in enumerate(request.events)}
    found = []
    for number, schedule in enumerate(request.schedules):
        destination_number, destination = destinations[schedule.destination_id]
        event_number, event = events[schedule.event_id]
        inspection = inspections[event_number]
        identity = identity_text(
            destination.target,
            dataset=event.dataset,
            stream=event.stream,
            digest=inspection.digest,
            seed=event.seed,
        )
        found.append(
            ResolvedSchedule(
                generator_id(identity),
                identity,
                number,
                event,
                event_number,
                destination,
                destination_number,
                inspection,
            )
        )
    return tuple(found)


def conflicts(resolved: Sequence[ResolvedSchedule]) -> Iterator[Fault]:
    """Schedules that ask for one generator at two paces, or handled in two ways."""
    first: dict[int, ResolvedSchedule] = {}
    for each in resolved:
        other = first.setdefault(each.id, each)
        if other.mutable_fields != each.mutable_fields:
            yield Fault(
                format_pointer(["schedules", each.number]),
                f"this is the generator of schedule {other.number}, at another pace",
                "give them one pace, or different datasets, streams or destinations",
            )


def seeds_of(
    resolved: Sequence[ResolvedSchedule], drawn_seed: Mapping[str, int], known: Mapping[str, int]
) -> Mapping[int, int]:
    """The seed of each wanted generator by id.

    An explicit one; else that of a generator with this stream and template (`known`, by stream
    key and digest); else the one drawn for the stream (`drawn_seed`, by stream key).
    """
    return {
        each.id: each.event.seed
        if each.event.seed is not None
        else known.get(seed_key(each), drawn_seed[each.stream_key])
        for each in resolved
    }


def seed_key(resolved: ResolvedSchedule) -> str:
    """Stream and template: what takes a seed over."""
    return f"{resolved.stream_key} {resolved.inspection.digest}"


def new_record(
    resolved: ResolvedSchedule, *, seed: int, shards: int, instance_id: str | None, now: int
) -> GeneratorRecord:
    """A generator that is not there yet. Its first tick is due at once."""
    event, inspection = resolved.event, resolved.inspection
    return GeneratorRecord(
        id=resolved.id,
        identity=resolved.identity,
        target=resolved.destination.target,
        template=inspection.template,
        digest=inspection.digest,
        stream=Stream(seed, event.stream),
        explicit_seed=event.seed is not None,
        shard=resolved.id % shards,
        segments=(begin(now, 0, count=event.count, interval=event.interval),),
        created_at=now,
        updated_at=now,
        dataset=event.dataset,
        instance_id=instance_id,
        on_error=event.on_error,
        catch_up=event.catch_up,
        engine=inspection.engine,
        engine_reason=inspection.reason,
        shape=inspection.shape,
        fingerprints=((0, inspection.fingerprint),),
    )


def needs_change(record: GeneratorRecord, resolved: ResolvedSchedule) -> bool:
    """Whether a generator that is there is asked to become different, or to start again."""
    return record.state is GeneratorState.FAILED or bool(_differences(record, resolved))


def _differences(record: GeneratorRecord, resolved: ResolvedSchedule) -> tuple[str, ...]:
    event, pace = resolved.event, record.pace
    found = []
    if (event.count, event.interval) != (pace.count, pace.interval):
        found.append("pace")
    if (event.on_error, event.catch_up) != (record.on_error, record.catch_up):
        found.append("handling")
    return tuple(found)


def changes_to(record: GeneratorRecord, resolved: ResolvedSchedule, now: int) -> Iterator[Change]:
    """What makes a generator that is there the wanted one. It has been taken back before."""
    event, different = resolved.event, _differences(record, resolved)
    if "pace" in different:
        pace = Pace(record.segments)
        segment = repace(pace, now, count=event.count, interval=event.interval)
        yield BeginSegment(record.id, record.incarnation, segment, now)
    if "handling" in different:
        yield SetPolicies(record.id, record.incarnation, event.on_error, event.catch_up, now)
    if record.state is GeneratorState.FAILED:
        yield SetState(record.id, record.incarnation, GeneratorState.RUNNING, None, now)


def additions(records: Sequence[GeneratorRecord]) -> Iterator[Change]:
    """What brings generators into being."""
    for record in records:
        yield Add(record)

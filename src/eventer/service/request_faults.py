"""Checks add requests without reading a template or asking a destination. Pure.

The form of values, such as intervals, is checked in `api/wire`; limits in `limit_faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import DestinationRejectedError, Fault, RequestError
from eventer.core.fault_rules import FaultRule
from eventer.core.generator_name import name_fault
from eventer.core.instant import parse_moment
from eventer.core.model import FileTarget, KafkaTarget, PostgresTarget, Target, TimelineSpec
from eventer.core.pace import PaceSpec
from eventer.core.pointer import format_pointer, parse_pointer
from eventer.core.suggestions import did_you_mean
from eventer.destinations.file.partition_folders import parse_partition
from eventer.destinations.file.target_path import path_fault
from eventer.destinations.kafka.topic_name import target_topic_error
from eventer.destinations.postgres.identifiers import parse_table
from eventer.service.connections import KnownConnection, environment_name
from eventer.service.requests import AddRequest
from eventer.service.timeline_faults import timeline_faults

MAX_YEARS: Final = 10
"""Calendars are computed day by day, so begin and end of a pace are not far away."""
_YEAR_NS: Final = 366 * 86_400 * NS_PER_SECOND


def request_faults(
    request: AddRequest, connections: Mapping[str, KnownConnection], now: int
) -> Iterator[Fault]:
    """All faults of a request that arrives now (ns since 1970), in its order."""
    yield from _duplicate_ids("destinations", [d.id for d in request.destinations])
    yield from _duplicate_ids("events", [e.id for e in request.events])
    for number, destination in enumerate(request.destinations):
        pointer = format_pointer(["destinations", number, destination.target.kind])
        yield from connection_faults(destination.target, connections, f"{pointer}/connection")
        yield from target_faults(destination.target, pointer)
    for number, event in enumerate(request.events):
        if event.pace is not None:
            yield from pace_faults(event.pace, format_pointer(["events", number, "pace"]), now)
    yield from _schedule_faults(request)
    yield from timeline_faults(request)


def pace_faults(pace: PaceSpec, pointer: str, now: int) -> Iterator[Fault]:
    """The faults of a pace's begin and end, which depend on the time of the request."""
    begin = 0
    if pace.start is not None:
        try:
            begin = parse_moment(pace.start, now)
        except RequestError as error:
            yield Fault(f"{pointer}/start", error.message)
            return
        if abs(begin - now) > MAX_YEARS * _YEAR_NS:
            yield Fault(f"{pointer}/start", f"must be within {MAX_YEARS} years from now")
    if pace.end is not None and pace.end <= begin:
        after = "1970" if pace.start is None else "`start`"
        yield Fault(f"{pointer}/end", f"must be after {after}")
    elif pace.end is not None and pace.end - now > MAX_YEARS * _YEAR_NS:
        yield Fault(f"{pointer}/end", f"must be within {MAX_YEARS} years from now")


def _duplicate_ids(section: str, ids: Sequence[str]) -> Iterator[Fault]:
    taken: set[str] = set()
    for number, each in enumerate(ids):
        if each in taken:
            pointer = format_pointer([section, number, "id"])
            yield Fault(pointer, f"the id {each!r} is defined twice")
        taken.add(each)


def _schedule_faults(request: AddRequest) -> Iterator[Fault]:
    known = {
        "destination_id": dict.fromkeys(d.id for d in request.destinations),
        "event_id": dict.fromkeys(e.id for e in request.events),
    }
    for number, schedule in enumerate(request.schedules):
        if schedule.name is not None and (fault := name_fault(schedule.name)):
            yield Fault(format_pointer(["schedules", number, "name"]), fault)
        for field, ids in known.items():
            name = getattr(schedule, field)
            if name not in ids:
                what = field.removesuffix("_id")
                yield Fault(
                    format_pointer(["schedules", number, field]),
                    f"unknown {what} {name!r}: the request does not define it",
                    did_you_mean(name, ids),
                )


def target_faults(target: Target, pointer: str) -> Iterator[Fault]:
    """The faults of a target's names. Their pointers begin with `pointer`."""
    match target:
        case KafkaTarget():
            if fault := target_topic_error(target.topic):
                yield Fault(f"{pointer}/topic", fault)
        case PostgresTarget():
            try:
                parse_table(target.table)
            except DestinationRejectedError as error:
                yield Fault(f"{pointer}/table", error.message, error.hint)
            yield from _repeated_key_faults(target.key or (), pointer)
        case FileTarget():
            yield from _file_faults(target, pointer)
    yield from _option_faults(target, pointer)
    if isinstance(target, KafkaTarget) and target.op is not None and target.key is None:
        yield Fault(
            f"{pointer}/op",
            "`op` needs `key`: a deletion names the key of the deleted record",
            "set `key` to a field that every event has",
        )
    if isinstance(target, KafkaTarget) and target.key_format != "json" and target.key is None:
        yield Fault(
            f"{pointer}/key_format",
            "`key_format` needs `key`: without it, records have no keys",
            "set `key` to a field, or remove `key_format`",
        )


def _repeated_key_faults(key: Sequence[str], pointer: str) -> Iterator[Fault]:
    for number, name in enumerate(key):
        if name in key[:number]:
            yield Fault(f"{pointer}/key/{number}", f"the key contains {name!r} twice")


def _file_faults(target: FileTarget, pointer: str) -> Iterator[Fault]:
    if fault := path_fault(target.path):
        yield Fault(f"{pointer}/path", fault)
    for number, level in enumerate(target.partition_by):
        try:
            parse_partition(level)
        except RequestError as error:
            yield Fault(f"{pointer}/partition_by/{number}", error.message)


def connection_faults(
    target: Target, connections: Mapping[str, KnownConnection], pointer: str
) -> Iterator[Fault]:
    """The faults of a target's connection: it is unknown, of another kind, or has no address."""
    known = connections.get(target.connection)
    alike = [name for name, each in connections.items() if each.kind == target.kind]
    if known is None:
        message = f"unknown connection {target.connection!r}"
        hint = did_you_mean(target.connection, alike) or f"known: {', '.join(sorted(alike))}"
        yield Fault(pointer, message, hint)
    elif known.kind != target.kind:
        message = f"connection {target.connection!r} is of type {known.kind}, not {target.kind}"
        yield Fault(pointer, message)
    elif known.connector is None:
        hint = f"set {environment_name(known.setting)}"
        yield Fault(pointer, f"connection {target.connection!r} has no {known.missing}", hint)


def _option_faults(target: Target, pointer: str) -> Iterator[Fault]:
    """The faults of the JSON pointers in options."""
    options = {"value": target.value, "op": target.op}
    options |= {f"omit/{number}": field for number, field in enumerate(target.omit)}
    if isinstance(target, KafkaTarget):
        options |= {"key": target.key, "partition": target.partition, "timestamp": target.timestamp}
        options |= {f"headers{format_pointer([name])}": field for name, field in target.headers}
    for name, value in options.items():
        try:
            parse_pointer(value or "")
        except RequestError as error:
            yield Fault(f"{pointer}/{name}", error.message)


def unsupported_faults(
    rules: Sequence[FaultRule], timeline: TimelineSpec | None, pointer: str
) -> Iterator[Fault]:
    """Faults on purpose are not available for the steps of timelines."""
    if rules and timeline is not None:
        yield Fault(pointer, "faults are not available for timelines yet", "omit one of the two")


def raise_faults(faults: Sequence[Fault]) -> None:
    """Raises the faults, if there are any.

    Raises:
        RequestError: `faults` is not empty.
    """
    if faults:
        raise RequestError.of(tuple(faults))

"""Checks add requests without reading a template or asking a destination. Pure.

The form of values, such as intervals, is checked in `api/wire`; limits in `limit_faults.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import Fault, RequestError
from eventer.core.fault_rules import FaultRule
from eventer.core.generator_name import name_fault
from eventer.core.instant import parse_moment
from eventer.core.model import ServiceTarget, Target, TimelineSpec
from eventer.core.pace import PaceSpec
from eventer.core.pointer import format_pointer
from eventer.core.suggestions import did_you_mean
from eventer.destinations.kind import destination_kind
from eventer.destinations.option_pointers import pointer_faults
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
    if isinstance(target, ServiceTarget):
        for fault in destination_kind(target.kind).faults(target):
            yield replace(fault, pointer=f"{pointer}{fault.pointer}")
    options = {"value": target.value, "op": target.op}
    options |= {f"omit/{number}": field for number, field in enumerate(target.omit)}
    for fault in pointer_faults(options):
        yield replace(fault, pointer=f"{pointer}{fault.pointer}")


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

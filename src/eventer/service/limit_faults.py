"""Checks requests against the limits for all generators together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import Fault
from eventer.core.pointer import format_pointer
from eventer.registry.base import GeneratorRecord, target_location
from eventer.runs.pacing import rate
from eventer.service.connections import environment_name
from eventer.service.resolved_schedule import ResolvedSchedule
from eventer.settings.model import Limits


def limit_faults(
    resolved: Sequence[ResolvedSchedule], records: Mapping[int, GeneratorRecord], limits: Limits
) -> Iterator[Fault]:
    """The parts of a request that exceed the limits; `records` are the existing generators by id.

    Existing generators are never a fault, even if a limit was lowered since.
    """
    first = {each.id: each for each in reversed(resolved)}
    requested = sorted(first.values(), key=lambda each: each.number)
    new = [each for each in requested if each.id not in records]
    yield from _generators(new, len(records), limits)
    yield from _targets(new, records, limits)
    yield from _rate(requested, records, limits)


def _generators(new: Sequence[ResolvedSchedule], existing: int, limits: Limits) -> Iterator[Fault]:
    free = max(0, limits.generators - existing)
    if len(new) > free:
        yield _fault(
            ["schedules", new[free].number],
            f"{existing} generators exist, and the limit is {limits.generators}",
            "generators",
        )


def _targets(
    new: Sequence[ResolvedSchedule], records: Mapping[int, GeneratorRecord], limits: Limits
) -> Iterator[Fault]:
    if len(records) + len(new) <= limits.targets:
        return
    locations = {target_location(record.spec.target) for record in records.values()}
    for each in new:
        location = target_location(each.spec.target)
        if location in locations:
            continue
        locations.add(location)
        if len(locations) > limits.targets:
            yield _fault(
                ["destinations", each.destination_number],
                f"all generators together may use at most {limits.targets} topics and tables",
                "targets",
            )
            return


def _rate(
    requested: Sequence[ResolvedSchedule], records: Mapping[int, GeneratorRecord], limits: Limits
) -> Iterator[Fault]:
    total = sum(rate(record.pace) for record in records.values())
    for each in requested:
        known = records.get(each.id)
        grows = _rate_of(each) - (rate(known.pace) if known else 0.0)
        total += grows
        if total > limits.events_per_second and grows > 0:
            yield _fault(
                ["events", each.event_number, "interval"],
                f"all generators together would deliver {total:,.0f} events/s, "
                f"and the limit is {limits.events_per_second:,.0f}",
                "events_per_second",
            )
            return


def _rate_of(resolved: ResolvedSchedule) -> float:
    return resolved.event.count * NS_PER_SECOND / resolved.event.interval


def _fault(path: Sequence[str | int], message: str, setting: str) -> Fault:
    variable = environment_name(f"limits.{setting}")
    return Fault(
        format_pointer(path), message, f"remove generators, or raise the limit with {variable}"
    )

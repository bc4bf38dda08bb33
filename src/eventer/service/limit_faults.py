"""Checks requests against the limits for all generators together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventer.core.errors import Fault
from eventer.core.pace import PaceSpec, Ticks
from eventer.core.pointer import format_pointer
from eventer.registry.base import target_location
from eventer.runs.pacing import peak_rate
from eventer.service.connections import environment_name
from eventer.service.resolved_schedule import ResolvedSchedule
from eventer.settings.model import Limits


@dataclass(frozen=True, slots=True)
class Usage:
    """What the existing generators use: events per second by id, and topics, tables and folders."""

    rates: Mapping[int, float]
    locations: Collection[str]


def limit_faults(
    resolved: Sequence[ResolvedSchedule], usage: Usage, limits: Limits
) -> Iterator[Fault]:
    """The parts of a request that exceed the limits; `usage` is that of existing generators.

    Existing generators are never a fault, even if a limit was lowered since.
    """
    first = {each.id: each for each in reversed(resolved)}
    requested = sorted(first.values(), key=lambda each: each.number)
    new = [each for each in requested if each.id not in usage.rates]
    yield from _generators(new, len(usage.rates), limits)
    yield from _targets(new, usage.locations, limits)
    yield from _rate(requested, usage.rates, limits)


def _generators(new: Sequence[ResolvedSchedule], existing: int, limits: Limits) -> Iterator[Fault]:
    free = max(0, limits.generators - existing)
    if len(new) > free:
        yield _fault(
            ["schedules", new[free].number],
            f"{existing} generators exist, and the limit is {limits.generators}",
            "generators",
        )


def _targets(
    new: Sequence[ResolvedSchedule], existing: Collection[str], limits: Limits
) -> Iterator[Fault]:
    added: set[str] = set()
    for each in new:
        location = target_location(each.spec.target)
        if location in existing or location in added:
            continue
        added.add(location)
        if len(existing) + len(added) > limits.targets:
            yield _fault(
                ["destinations", each.destination_number],
                f"all generators together may use at most {limits.targets} topics, tables and "
                "folders",
                "targets",
            )
            return


def _rate(
    requested: Sequence[ResolvedSchedule], rates: Mapping[int, float], limits: Limits
) -> Iterator[Fault]:
    total = sum(rates.values())
    for each in requested:
        grows = peak_rate(each.pace) - rates.get(each.id, 0.0)
        total += grows
        if total > limits.events_per_second and grows > 0:
            yield _fault(
                ["events", each.event_number, pace_field(each.pace)],
                f"all generators together would deliver {total:,.0f} events/s, "
                f"and the limit is {limits.events_per_second:,.0f}",
                "events_per_second",
            )
            return


def pace_field(pace: PaceSpec) -> str:
    """The field of an event that gives its pace."""
    return "interval" if isinstance(pace.shape, Ticks) else "pace"


def _fault(path: Sequence[str | int], message: str, setting: str) -> Fault:
    variable = environment_name(f"limits.{setting}")
    return Fault(
        format_pointer(path), message, f"remove generators, or raise the limit with {variable}"
    )

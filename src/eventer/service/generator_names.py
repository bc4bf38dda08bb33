"""Decides the names of an add request's generators. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from eventer.core.errors import Fault
from eventer.core.generator_name import UniqueNames, derived_name
from eventer.core.pointer import format_pointer
from eventer.service.generator import Generator
from eventer.service.resolved_schedule import ResolvedSchedule


def requested_names(resolved: Sequence[ResolvedSchedule]) -> Mapping[int, str]:
    """The names that a request gives to generators, by id."""
    return {each.id: each.name for each in resolved if each.name is not None}


def name_conflicts(resolved: Sequence[ResolvedSchedule]) -> Iterator[Fault]:
    """Schedules that give one generator two names, or two generators one name."""
    by_id: dict[int, ResolvedSchedule] = {}
    by_name: dict[str, ResolvedSchedule] = {}
    for each in (each for each in resolved if each.name is not None):
        assert each.name is not None
        same, namesake = by_id.setdefault(each.id, each), by_name.setdefault(each.name, each)
        if same.name != each.name:
            message = f"schedule {same.number} names the same generator {same.name!r}"
            yield Fault(_pointer(each), message, "give it one name")
        elif namesake.id != each.id:
            message = f"schedule {namesake.number} gives this name to another generator"
            yield Fault(_pointer(each), message, "choose another name")


def taken_names(
    resolved: Sequence[ResolvedSchedule], by_name: Mapping[str, Generator]
) -> Iterator[Fault]:
    """Schedules whose name another of the existing generators has."""
    for each in resolved:
        owner = None if each.name is None else by_name.get(each.name)
        if owner is not None and owner.record.id != each.id:
            yield Fault(
                _pointer(each),
                f"generator {owner.record.id} has the name {each.name!r}",
                "choose another name, or remove that generator",
            )


def new_names(
    new: Sequence[ResolvedSchedule], requested: Mapping[int, str], taken: Collection[str]
) -> Mapping[int, str]:
    """The names of new generators, by id: the requested ones, or else derived, unique ones."""
    names = UniqueNames({*taken, *requested.values()})
    return {
        each.id: requested.get(each.id)
        or names.unique(derived_name(each.spec.target, each.event.id))
        for each in new
    }


def _pointer(resolved: ResolvedSchedule) -> str:
    return format_pointer(["schedules", resolved.number, "name"])

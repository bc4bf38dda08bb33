"""Faults that events get on purpose: the rules of an event, and what they did to one event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

FAULT_HEADER: Final = "eventer-fault"
"""The header of records with a labelled fault: their kinds, separated by commas."""


class FaultKind(StrEnum):
    """The kinds of faults.

    `drop` emits nothing; `null` and `missing` clear and remove fields; `corrupt` gives fields a
    wrong type, a truncated text or an impossible date; `malformed` writes text that is not JSON;
    `late` delivers an event after its scheduled time, and `duplicate` delivers it once more.
    """

    DROP = "drop"
    NULL = "null"
    MISSING = "missing"
    CORRUPT = "corrupt"
    MALFORMED = "malformed"
    LATE = "late"
    DUPLICATE = "duplicate"

    @property
    def bit(self) -> int:
        """Its bit in a set of kinds that is a number."""
        return 1 << _NUMBERS[self]

    @property
    def has_fields(self) -> bool:
        """Whether it changes fields; the others concern the whole event."""
        return self in {FaultKind.NULL, FaultKind.MISSING, FaultKind.CORRUPT}

    @property
    def has_delay(self) -> bool:
        """Whether it is about when an event is delivered; the others are about what is written."""
        return self in {FaultKind.LATE, FaultKind.DUPLICATE}


_NUMBERS: Final = {kind: number for number, kind in enumerate(FaultKind)}

FaultLabel: TypeAlias = Literal["header"]


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A fault that an event has with a probability.

    `fields` are names of top-level fields or JSON pointers of the whole event, for kinds that
    `has_fields`. With the label `header`, a record with the fault has the header `FAULT_HEADER`.
    `by` is the shortest and the longest delay (ns), for kinds that `has_delay`.
    """

    kind: FaultKind
    probability: float
    fields: tuple[str, ...] = ()
    label: FaultLabel | None = None
    by: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """What a rule did: to the field at a JSON pointer of the whole event, or to all of it.

    `change` says how a field was corrupted, or a text malformed. `by` is the delay (ns) of a late
    event, or of a copy after the event; `due` is when the event or the copy is due then (ns since
    1970).
    """

    kind: FaultKind
    field: str | None = None
    change: str | None = None
    by: int | None = None
    due: int | None = None


def content_rules(rules: Iterable[FaultRule]) -> tuple[FaultRule, ...]:
    """The rules about what is written."""
    return tuple(rule for rule in rules if not rule.kind.has_delay)


def delay_rules(rules: Iterable[FaultRule]) -> tuple[FaultRule, ...]:
    """The rules about when events are delivered."""
    return tuple(rule for rule in rules if rule.kind.has_delay)


def longest_delay(rules: Iterable[FaultRule]) -> int:
    """How long after its scheduled time an event, or a copy of it, can be due (ns)."""
    late = longest = 0
    for rule in delay_rules(rules):
        assert rule.by is not None
        end = late + rule.by[1]
        late = end if rule.kind is FaultKind.LATE else late
        longest = max(longest, end)
    return longest

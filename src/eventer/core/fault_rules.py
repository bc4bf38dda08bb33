"""Faults that events get on purpose: the rules of an event, and what they did to one event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

FAULT_HEADER: Final = "eventer-fault"
"""The header of records with a labelled fault: their kinds, separated by commas."""


class FaultKind(StrEnum):
    """The kinds of faults.

    `drop` emits nothing; `null` and `missing` clear and remove fields; `corrupt` gives fields a
    wrong type, a truncated text or an impossible date; `malformed` writes text that is not JSON.
    """

    DROP = "drop"
    NULL = "null"
    MISSING = "missing"
    CORRUPT = "corrupt"
    MALFORMED = "malformed"

    @property
    def has_fields(self) -> bool:
        """Whether it changes fields; the others concern the whole event."""
        return self in {FaultKind.NULL, FaultKind.MISSING, FaultKind.CORRUPT}


FaultLabel: TypeAlias = Literal["header"]


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A fault that an event has with a probability.

    `fields` are names of top-level fields or JSON pointers of the whole event, for kinds that
    `has_fields`. With the label `header`, a record with the fault has the header `FAULT_HEADER`.
    """

    kind: FaultKind
    probability: float
    fields: tuple[str, ...] = ()
    label: FaultLabel | None = None


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """What a rule did: to the field at a JSON pointer of the whole event, or to all of it.

    `change` says how a field was corrupted, or a text malformed.
    """

    kind: FaultKind
    field: str | None = None
    change: str | None = None


def rules_json(rules: Iterable[FaultRule]) -> list[dict[str, Any]]:
    """Rules as JSON values, as requests have them."""
    return [
        {"kind": rule.kind.value, "probability": rule.probability}
        | ({"fields": list(rule.fields)} if rule.fields else {})
        | ({"label": rule.label} if rule.label else {})
        for rule in rules
    ]


def read_rules(rules: Sequence[Mapping[str, Any]]) -> tuple[FaultRule, ...]:
    """Reads the values of `rules_json`."""
    return tuple(
        FaultRule(
            FaultKind(rule["kind"]),
            rule["probability"],
            tuple(rule.get("fields", ())),
            rule.get("label"),
        )
        for rule in rules
    )

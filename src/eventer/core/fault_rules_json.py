"""The rules of faults as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eventer.core.duration import format_duration, parse_duration
from eventer.core.fault_rules import FaultKind, FaultRule


def rules_json(rules: Iterable[FaultRule]) -> list[dict[str, Any]]:
    """Rules as JSON values, as requests have them."""
    return [
        {"kind": rule.kind.value, "probability": rule.probability}
        | ({"fields": list(rule.fields)} if rule.fields else {})
        | ({"label": rule.label} if rule.label else {})
        | ({"by": [format_duration(each) for each in rule.by]} if rule.by else {})
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
            _delays(rule.get("by")),
        )
        for rule in rules
    )


def _delays(by: Sequence[str] | None) -> tuple[int, int] | None:
    if by is None:
        return None
    shortest, longest = map(parse_duration, by)
    return shortest, longest

"""The codes for which a condition holds, and the codes that can occur in a domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eventer.plan.graph import Domain, Node, Type, codes_node
from eventer.plan.symbols import Symbol
from eventer.plan.unsupported import PlanUnsupportedError


@dataclass(frozen=True, slots=True)
class ConditionCodes:
    """The codes of `key` for which a condition holds and fails."""

    key: Node
    holds: frozenset[int]
    fails: frozenset[int]

    def live(self, domain: Domain) -> frozenset[int]:
        """The codes that can occur in a domain."""
        return live_codes(domain, self.key, self.holds | self.fails)


def condition_codes(condition: Symbol) -> ConditionCodes:
    """The codes of a condition, a BOOLEAN or a DICTIONARY.

    Raises:
        PlanUnsupportedError: it has entries other than true and false.
    """
    node = condition.node
    if node.type is Type.BOOLEAN:
        return ConditionCodes(codes_node(node), frozenset({1}), frozenset({0}))
    codes = {truth: frozenset(_codes_with(node.entries, truth)) for truth in (True, False)}
    if len(codes[True]) + len(codes[False]) < len(node.entries):
        raise PlanUnsupportedError("a condition is not a boolean in all events", node.span)
    return ConditionCodes(codes_node(node), codes[True], codes[False])


def _codes_with(entries: Sequence[Any], truth: bool) -> Iterator[int]:  # noqa: FBT001
    return (code for code, entry in enumerate(entries) if entry is truth)


def live_codes(domain: Domain, key: Node, codes: frozenset[int]) -> frozenset[int]:
    """The codes of `key` that can occur in a domain."""
    live = codes
    for each in domain.chain():
        if key in each.facts:
            live &= each.facts[key]
    return live

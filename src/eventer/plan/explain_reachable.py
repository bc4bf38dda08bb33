"""The part of a plan's graph that the event needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from eventer.plan.graph import Domain, Elements, Filter, Node, Referenced
from eventer.plan.row_program import BoundRowProgram


class ReachableNodes:
    """Collects columns and domains with all that they are computed from."""

    def __init__(self) -> None:
        self._nodes: set[Node] = set()
        self._domains: set[Domain] = set()

    def nodes(self) -> Sequence[Node]:
        """The columns, arguments first."""
        return sorted(self._nodes, key=lambda node: node.number)

    def domains(self) -> Sequence[Domain]:
        """The domains, parents first."""
        return sorted(self._domains, key=lambda domain: domain.number)

    def add(self, things: Iterable[Any]) -> None:
        """Adds columns, domains and programs; other objects are ignored."""
        waiting = list(things)
        while waiting:
            thing = waiting.pop()
            if isinstance(thing, Node) and thing not in self._nodes:
                self._nodes.add(thing)
                waiting += [thing.domain, *thing.arguments, *thing.parameters]
            elif isinstance(thing, Domain) and thing not in self._domains:
                self._domains.add(thing)
                waiting += _around(thing)
            elif isinstance(thing, BoundRowProgram):
                waiting += [slot.node for slot in thing.slots]


def _around(domain: Domain) -> list[Any]:
    if isinstance(domain, Filter):
        return [domain.parent, domain.condition]
    if isinstance(domain, Referenced):
        return [domain.parent, domain.index]
    return [domain.parent, domain.lengths] if isinstance(domain, Elements) else []

"""What of a plan's graph an event needs: the rest came and went while tracing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from eventer.plan.graph import Domain, Elements, Filter, Node
from eventer.plan.row_program import BoundRowProgram


class ReachableNodes:
    """Collects columns and domains, each with all that it is computed from."""

    def __init__(self) -> None:
        self._nodes: set[Node] = set()
        self._domains: set[Domain] = set()

    def nodes(self) -> Sequence[Node]:
        """The columns, arguments before what is made of them."""
        return sorted(self._nodes, key=lambda node: node.number)

    def domains(self) -> Sequence[Domain]:
        """The domains, parents before their parts."""
        return sorted(self._domains, key=lambda domain: domain.number)

    def add(self, things: Iterable[Any]) -> None:
        """Adds the columns, domains and programs among some things."""
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
    return [domain.parent, domain.lengths] if isinstance(domain, Elements) else []

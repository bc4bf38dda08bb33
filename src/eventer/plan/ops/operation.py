"""How operations are declared, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

Operation: TypeAlias = "Callable[[Execution, Node, Sequence[Any]], Any]"
"""The run, the node, and its arguments: arrays of the node's domain, plain scalars for literals."""

OPERATIONS: Final[dict[str, Operation]] = {}
RAISING: Final[set[str]] = set()
"""Operations that find rows which raise. The language has computed what a trace has met, whether
its value is of use or not, so these are computed in every batch.
"""


def operation(*names: str, raises: bool = False) -> Callable[[Operation], Operation]:
    """Declares what computes nodes with one of these operations; `raises` if rows may."""

    def declare(compute: Operation) -> Operation:
        for name in names:
            OPERATIONS[name] = compute
        if raises:
            RAISING.update(names)
        return compute

    return declare

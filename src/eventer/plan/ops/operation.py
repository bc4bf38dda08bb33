"""The declaration of operations, and their arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

Operation: TypeAlias = "Callable[[Execution, Node, Sequence[Any]], Any]"
"""Computes a node of a run from its arguments: arrays of its domain, or scalars for literals."""

OPERATIONS: Final[dict[str, Operation]] = {}
RAISING: Final[set[str]] = set()
"""Operations whose rows may raise. Every batch computes them, because the language evaluates these
expressions even if their values are not written.
"""


def operation(*names: str, raises: bool = False) -> Callable[[Operation], Operation]:
    """Declares the function of operations; `raises` if rows may raise."""

    def declare(compute: Operation) -> Operation:
        for name in names:
            OPERATIONS[name] = compute
        if raises:
            RAISING.update(names)
        return compute

    return declare

"""Texts of the dataset and the instance id, which are inputs of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

CONTEXT_TEXT: Final = "context_text"


@operation(CONTEXT_TEXT)
def context_text(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The text of a call, the same in all rows of a generator."""
    return run.inputs.context_texts(node.parameters[0], run.events(node.domain))

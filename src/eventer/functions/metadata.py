"""`get_dataset` and `get_instance_id`: values of the request and of the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.model import JsonValue
from eventer.functions.arguments import text
from eventer.functions.columns import Column, ConstantColumn
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, Parameter, ReturnType
from eventer.kernels.draw import Key


@dataclass(frozen=True, slots=True)
class ContextText(BoundCall):
    """A text of the batch context, or the argument if it is not set."""

    attribute: str
    otherwise: str

    def column(self, key: Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        found: str | None = getattr(context, self.attribute)
        return ConstantColumn(self.otherwise if found is None else found, context.rows)


def _dataset(arguments: Sequence[JsonValue]) -> BoundCall:
    return ContextText("dataset", text("get_dataset", "otherwise", arguments[0]))


def _instance_id(arguments: Sequence[JsonValue]) -> BoundCall:
    return ContextText("instance_id", text("get_instance_id", "otherwise", arguments[0]))


GET_DATASET: Final = FunctionSpec(
    name="get_dataset",
    parameters=(Parameter("otherwise", "text", "what to return if no dataset is set", ""),),
    return_type=ReturnType.TEXT,
    doc="The dataset that the event was posted with (`dataset`), or `otherwise` if it has none.",
    examples=('get_dataset("dummy_dataset")',),
    bind=_dataset,
    is_random=False,
    is_constant=True,
)

GET_INSTANCE_ID: Final = FunctionSpec(
    name="get_instance_id",
    parameters=(Parameter("otherwise", "text", "what to return if no instance id is set", ""),),
    return_type=ReturnType.TEXT,
    doc="The instance id that the service was started with (`EVENTER_INSTANCE_ID`), or `otherwise` "
    "where it has none.",
    examples=('get_instance_id("dummy_instance_id")',),
    bind=_instance_id,
    is_random=False,
    is_constant=True,
)

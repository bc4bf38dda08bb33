"""`get_boolean`: true with a probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.columns import BooleanColumn, Column
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
    RowContext,
)
from eventer.kernels import draw


@dataclass(frozen=True, slots=True)
class Boolean(BoundCall):
    """True if the unit of the word is below the probability."""

    probability: args.Numbers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        units = draw.unit_column(draw.draw_column(key, context.index))
        return BooleanColumn(units < self.probability)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return draw.unit(draw.draw(key, row.index)) < float(self.probability)


def _boolean(arguments: Sequence[Any]) -> BoundCall:
    probability = args.number("get_boolean", "probability", arguments[0], example=0.5)
    args.require(
        (probability >= 0) & (probability <= 1),
        lambda row: EvaluationError(
            "get_boolean: 'probability' must be from 0 to 1, not "
            f"{args.shown(args.at(probability, row))}",
            hint="write 5 % as 0.05",
        ),
    )
    return Boolean(probability)


GET_BOOLEAN: Final = FunctionSpec(
    name="get_boolean",
    parameters=(
        Parameter(
            "probability",
            "a number",
            "the probability of true, from 0 to 1",
            0.5,
            column=ColumnKind.NUMBER,
        ),
    ),
    return_type=ReturnType.BOOLEAN,
    doc="True with this probability, else false.",
    examples=("get_boolean()", "get_boolean(0.02)"),
    bind=_boolean,
)

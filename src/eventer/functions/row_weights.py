"""Rows weighted by a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.functions.row_columns import EntryColumn, NumberColumn, RowColumn
from eventer.functions.row_errors import file_error
from eventer.kernels import draw
from eventer.kernels.draw.weighted_picks import WeightTable

if TYPE_CHECKING:
    from eventer.functions.row_files import RowFile

_DIGIT_BITS: Final = 16
_MAX_TOTAL: Final = 2.0**46
"""The digits of a division fit 63 bits below it."""


@dataclass(frozen=True, slots=True)
class RowWeights:
    """A table of the rows whose weight is greater than zero; `kept` are their numbers."""

    table: WeightTable
    kept: NDArray[np.int64]

    @classmethod
    def of(cls, file: RowFile, name: str) -> RowWeights:
        """The weights in a column.

        Raises:
            EvaluationError: a weight is not a number of zero or more, or all are zero.
        """
        weights = _numbers(file, name)
        _refuse_first(file, name, weights < 0, "is below zero")
        kept = np.flatnonzero(weights)
        if not len(kept):
            problem = f"all weights in {name!r} are zero"
            raise file_error(file.path, problem, hint="give a row a weight greater than zero")
        return cls(weight_table(weights[kept]), kept)

    def rows(self, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
        """A row for the word of each event."""
        return self.kept[self.table.column(key, index)]


def weight_table(weights: NDArray[np.float64]) -> WeightTable:
    """`WeightTable.of`, computed with arrays if the weights are integers, as of a million rows."""
    if weights.sum() >= _MAX_TOTAL or (np.trunc(weights) != weights).any():
        return WeightTable.of(weights.tolist())
    below = np.cumsum(weights.astype(np.int64))
    total, rest = below[-1], below[:-1]
    limits = np.zeros(len(rest), dtype=np.uint64)
    for _ in range(64 // _DIGIT_BITS):  # long division of 2^64 · below by the total
        digits, rest = np.divmod(rest << _DIGIT_BITS, total)
        limits = (limits << np.uint64(_DIGIT_BITS)) | digits.astype(np.uint64)
    return WeightTable(limits)  # type: ignore[arg-type]  # a sequence of integers


def _numbers(file: RowFile, name: str) -> NDArray[np.float64]:
    try:
        column = file.column(name, "number" if file.is_csv else None)
    except EvaluationError as error:
        raise EvaluationError(error.message, hint=_hint(file, name)) from None
    nulls = _nulls(column)
    if nulls is not None:
        _refuse_first(file, name, nulls, "is empty")
    if not isinstance(column, NumberColumn):
        problem = f"{name!r} has values that are not numbers"
        raise file_error(file.path, problem, hint=_hint(file, name))
    return column.values.astype(np.float64)


def _hint(file: RowFile, name: str) -> str:
    others = [repr(each) for each in file.table.names if each != name]
    columns = f"; the other columns are {', '.join(others)}" if others else ""
    return f"'weight' names a column of numbers{columns}"


def _nulls(column: RowColumn) -> NDArray[np.bool_] | None:
    if isinstance(column, EntryColumn):
        empty = np.array([entry is None for entry in column.entries])
        return empty[column.codes]
    return column.nulls


def _refuse_first(file: RowFile, name: str, wrong: NDArray[np.bool_], problem: str) -> None:
    if wrong.any():
        hint = "weights are numbers of zero or more"
        raise file.table.error(int(np.argmax(wrong)), name, problem, hint)

"""From batches to what is copied: columns, of each key the last row, COPY streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.destinations.joint import joint
from eventer.destinations.postgres.columns import ReadColumn
from eventer.destinations.postgres.fit import TablePlan
from eventer.kernels.pgcopy import (
    CopyColumn,
    Octets,
    Rows,
    Wire,
    copy_stream,
    copy_streams,
    text_buffers,
)

_OPENING_BRACE: Final = ord("{")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows in order, column by column, as a table takes them; `index` says which events they are.

    `stream` copies them into the table itself, where its plan is to do so.
    """

    plan: TablePlan
    index: NDArray[np.int64]
    columns: tuple[CopyColumn, ...]
    stream: Octets | None

    def to_send(self) -> Part:
        """What is needed to send it: the stream, or of each key the last row."""
        if self.stream is not None:
            return replace(self, columns=())
        if not self.plan.told_apart:
            return self
        rows = _last_of_each(_codes([key.values for key in _keys(self.plan, self.columns)]))
        if len(rows) == len(self.index):
            return self
        columns = tuple(_taken(column, rows) for column in self.columns)
        return replace(self, index=self.index[rows], columns=columns)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of a delivery, part by part; `marks` are further columns of a staging table.

    `index` says which events they are: all of them, but for parts that are only `to_send`. `codes`
    number the keys; None where rows are appended, or the server tells the keys apart.
    """

    parts: tuple[Part, ...]
    marks: tuple[CopyColumn, ...]
    index: NDArray[np.int64]
    codes: NDArray[np.int64] | None

    @property
    def columns(self) -> tuple[CopyColumn, ...]:
        """The columns of all rows."""
        return tuple(map(_one_after_the_other, zip(*(p.columns for p in self.parts), strict=True)))

    def direct(self) -> list[Octets]:
        """COPY streams of all rows into the table itself, in order."""
        return [part.stream for part in self.parts if part.stream is not None]

    def staged(self, until: int | None = None) -> Octets:
        """The COPY stream into a staging table of the first `until` rows, of each key the last."""
        count = len(self.index) if until is None else until
        return copy_stream(self.columns + self.marks, self._kept(count))

    def alone(self, row: int) -> Octets:
        """The COPY stream into a staging table of a single row."""
        return copy_stream(self.columns + self.marks, np.array([row], dtype=np.int64))

    def _kept(self, count: int) -> Rows:
        return np.arange(count) if self.codes is None else _last_of_each(self.codes[:count])


def encode(
    plan: TablePlan,
    batches: Sequence[Batch],
    flow: int,
    ahead: Callable[[Batch], Part | None] = lambda _: None,
) -> Encoded:
    """Reads all columns of consecutive batches; staged rows carry the number of their flow.

    `ahead` has the part that was made of a batch beforehand, which counts if the plan is the same.

    Raises:
        DestinationRejectedError: see `part_of`.
    """
    parts = _parts(plan, batches, ahead)
    index = np.concatenate([part.index for part in parts])
    of_flow = _integers(np.full(len(index), flow))
    if plan.numbered:
        return Encoded(parts, (_integers(np.arange(len(index))), of_flow), index, None)
    if not plan.told_apart:
        return Encoded(parts, (of_flow,), index, None)
    keys = zip(*(_keys(plan, part.columns) for part in parts), strict=True)
    codes = _codes([_one_after_the_other(key).values for key in keys])
    return Encoded(parts, (of_flow,), index, codes)


def encode_joint(plan: TablePlan, flows: Sequence[tuple[int, Sequence[Batch]]]) -> list[Octets]:
    """For each flow, by its number, the stream of what `encode` makes of its batches.

    Each flow has rows.

    Raises:
        DestinationRejectedError: see `part_of`; it does not say in which flow.
    """
    batch = joint([batch for _, batches in flows for batch in batches])
    columns = _columns(plan, [batch], batch.index)
    sizes = np.array([sum(batch.rows for batch in batches) for _, batches in flows])
    rows, flow = np.arange(batch.rows), np.repeat(np.arange(len(flows)), sizes)
    if plan.direct:
        return copy_streams(columns, rows, np.cumsum(sizes))
    marks = [_integers(np.repeat([number for number, _ in flows], sizes))]
    if plan.numbered:
        marks.insert(0, _integers(rows - np.repeat(np.cumsum(sizes) - sizes, sizes)))
    elif plan.told_apart:
        codes = _codes([c.values for c in _keys(plan, columns)])
        rows = _last_of_each(codes * len(flows) + flow)
    stops = np.cumsum(np.bincount(flow[rows], minlength=len(flows)))
    return copy_streams((*columns, *marks), rows, stops)


def _parts(
    plan: TablePlan, batches: Sequence[Batch], ahead: Callable[[Batch], Part | None]
) -> tuple[Part, ...]:
    """Those made ahead, and between them what is made of the other batches, in a row each."""
    made: list[Part] = []
    waiting: list[Batch] = []
    for batch in batches:
        part = ahead(batch)
        if part is None or part.plan != plan:
            waiting.append(batch)
            continue
        if waiting:
            made.append(part_of(plan, waiting))
            waiting = []
        made.append(part)
    return (*made, part_of(plan, waiting)) if waiting else tuple(made)


def part_of(plan: TablePlan, batches: Sequence[Batch]) -> Part:
    """The rows of consecutive batches.

    Raises:
        DestinationRejectedError: an event is no object, has a null key, or a value that its column
            cannot take; names the first such event of the first such column.
    """
    index = np.concatenate([batch.index for batch in batches])
    columns = _columns(plan, batches, index)
    direct = plan.direct and len(index) > 0
    stream = copy_stream(columns, np.arange(len(index))) if direct else None
    return Part(plan, index, columns, stream)


def _columns(
    plan: TablePlan, batches: Sequence[Batch], index: NDArray[np.int64]
) -> tuple[CopyColumn, ...]:
    for batch in batches:
        _check_objects(batch)
    return tuple(ReadColumn(plan, column, index).encode(batches) for column in plan.columns)


def _one_after_the_other(columns: Sequence[CopyColumn]) -> CopyColumn:
    if len(columns) == 1:
        return columns[0]
    return CopyColumn(columns[0].wire, pa.concat_arrays([column.values for column in columns]))


def _taken(column: CopyColumn, rows: Rows) -> CopyColumn:
    return CopyColumn(column.wire, column.values.take(pa.array(rows)))


def _integers(values: NDArray[np.int64]) -> CopyColumn:
    return CopyColumn(Wire.INT4, pa.array(values.astype(np.int32)))


def _check_objects(batch: Batch) -> None:
    if batch.rows == 0:
        return
    offsets, data = text_buffers(batch.text)
    others = np.flatnonzero(data[offsets[:-1]] != _OPENING_BRACE)
    if len(others):
        at = int(batch.index[others[0]])
        raise DestinationRejectedError(f"event {at} is no object; a row is made of one", index=at)


def _keys(plan: TablePlan, columns: Sequence[CopyColumn]) -> list[CopyColumn]:
    """Those of the columns that make the key."""
    named = zip(plan.columns, columns, strict=True)
    return [column for planned, column in named if planned.name in plan.key]


def _codes(keys: Sequence[pa.Array]) -> NDArray[np.int64]:
    """A number for each row, equal where all of the keys are."""
    codes = _dictionary_codes(keys[0])
    for key in keys[1:]:
        further = _dictionary_codes(key)
        codes = _dictionary_codes(pa.array(codes * (int(further.max(initial=0)) + 1) + further))
    return codes


def _last_of_each(codes: NDArray[np.int64]) -> Rows:
    """The last row of each code, in order."""
    last = np.full(int(codes.max(initial=-1)) + 1, -1, dtype=np.int64)
    last[codes] = np.arange(len(codes))  # of equal codes the last one stays
    return np.sort(last[last >= 0])


def _dictionary_codes(values: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0.0, values.type))  # -0.0 and 0.0 are one key
    codes: NDArray[np.int64] = values.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes

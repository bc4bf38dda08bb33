"""From batches to the columns that are copied; refuses what the table would, naming the event."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.core.pointer import format_pointer
from eventer.destinations.postgres.fit import TablePlan
from eventer.destinations.postgres.names import quote
from eventer.destinations.postgres.types import ColumnPlan, mend
from eventer.kernels.pgcopy import CopyColumn, Octets, Rows, Wire, copy_stream, text_buffers

_ARROW: Final = {
    Wire.INT2: pa.int16(),
    Wire.INT4: pa.int32(),
    Wire.INT8: pa.int64(),
    Wire.FLOAT4: pa.float32(),
}
_OPENING_BRACE: Final = ord("{")
_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive rows, column by column, as a table takes them.

    `stream` copies them into the table itself, where its plan is to do so: it alone is `to_send`.
    """

    plan: TablePlan
    columns: tuple[CopyColumn, ...]
    stream: Octets | None

    def to_send(self) -> Part:
        """Without what nobody needs once there is a stream."""
        return self if self.stream is None else replace(self, columns=())


@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of a delivery, part by part; `marks` are further columns of a staging table.

    `codes` number the keys; None where rows are appended, or the server tells the keys apart.
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
        rows = np.arange(count, dtype=np.int64)
        if self.codes is None or count == 0:
            return rows
        last = np.full(int(self.codes[:count].max()) + 1, -1, dtype=np.int64)
        last[self.codes[:count]] = rows  # of equal codes the last one stays
        return np.sort(last[last >= 0])


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
    index = np.concatenate([batch.index for batch in batches])
    parts = _parts(plan, batches, ahead)
    of_flow = _integers(np.full(len(index), flow))
    if plan.numbered:
        return Encoded(parts, (_integers(np.arange(len(index))), of_flow), index, None)
    return Encoded(parts, (of_flow,), index, _codes(plan, parts) if plan.key else None)


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
    for batch in batches:
        _check_objects(batch)
    columns = tuple(_Column(plan, column, index).encode(batches) for column in plan.columns)
    direct = plan.direct and len(index) > 0
    return Part(plan, columns, copy_stream(columns, np.arange(len(index))) if direct else None)


def _one_after_the_other(columns: Sequence[CopyColumn]) -> CopyColumn:
    if len(columns) == 1:
        return columns[0]
    return CopyColumn(columns[0].wire, pa.concat_arrays([column.values for column in columns]))


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


def _codes(plan: TablePlan, parts: Sequence[Part]) -> NDArray[np.int64]:
    """A number for each row, equal where the keys are."""
    places = [place for place, column in enumerate(plan.columns) if column.name in plan.key]
    keys = [_one_after_the_other([part.columns[place] for part in parts]) for place in places]
    codes = _dictionary_codes(keys[0].values)
    for key in keys[1:]:
        further = _dictionary_codes(key.values)
        codes = _dictionary_codes(pa.array(codes * (int(further.max(initial=0)) + 1) + further))
    return codes


def _dictionary_codes(values: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0.0, values.type))  # -0.0 and 0.0 are one key
    codes: NDArray[np.int64] = values.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes


class _Column:
    """One column of one delivery."""

    def __init__(self, plan: TablePlan, column: ColumnPlan, index: NDArray[np.int64]) -> None:
        self._table = plan.table
        self._column = column
        self._is_key = column.name in plan.key
        self._index = index

    def encode(self, batches: Sequence[Batch]) -> CopyColumn:
        """Reads it, checks it, and gives it the type that it travels in."""
        pointer = format_pointer((self._column.name,))
        read = [batch.fields.column(pointer, self._column.read) for batch in batches]
        values = read[0] if len(read) == 1 else pa.concat_arrays(read)
        if self._is_key and values.null_count:
            self._refuse_null(values)
        if self._column.whole:
            self._check_whole(values)
        return CopyColumn(self._column.wire, self._convert(values))

    def _convert(self, values: pa.Array) -> pa.Array:
        wire = self._column.wire
        if wire in _ARROW:
            return self._narrowed(values, _ARROW[wire])
        if wire in {Wire.TEXT, Wire.JSONB}:
            self._check_nul(values)
        return values

    def _refuse_null(self, values: pa.Array) -> None:
        at = self._event(pc.is_null(values))
        raise DestinationRejectedError(
            f"event {at} has no value for {quote(self._column.name)}, which is in the key "
            f"of {self._table}",
            index=at,
        )

    def _check_whole(self, values: pa.Array) -> None:
        if self._column.read is ColumnType.JSONB:
            values = values.cast(pa.float64())
        fractions = pc.not_equal(pc.floor(values), values)
        if pc.any(fractions).as_py():
            self._refuse(fractions, values, "is no whole number")

    def _narrowed(self, values: pa.Array, wanted: pa.DataType) -> pa.Array:
        if values.type == wanted:
            return values
        if pa.types.is_floating(wanted):
            narrow = pc.cast(values, wanted)
            lost = pc.invert(pc.is_finite(narrow))
        else:
            lost = _outside(values, wanted)
        if pc.any(lost).as_py():
            self._refuse(lost, values, "does not fit")
        return pc.cast(values, wanted, safe=False)

    def _check_nul(self, values: pa.Array) -> None:
        """PostgreSQL's text cannot hold NUL; its json keeps the escape, its jsonb cannot."""
        if self._column.wire is Wire.JSONB:
            self._check_nul_escape(values)
            return
        offsets, data = text_buffers(values)
        nul = np.flatnonzero(data[offsets[0] : offsets[-1]] == 0)
        if len(nul):
            row = int(np.searchsorted(offsets, nul[0] + offsets[0], side="right")) - 1
            self._refuse_nul(row)

    def _check_nul_escape(self, values: pa.Array) -> None:
        offsets, data = text_buffers(values)
        text = data[offsets[0] : offsets[-1]].tobytes()
        if b"\\u0000" not in text:  # a hundred times as fast as the exact search
            return
        found = _NUL_ESCAPE.search(text)
        if found is not None:
            at = found.start() + int(offsets[0])
            self._refuse_nul(int(np.searchsorted(offsets, at, side="right")) - 1)

    def _refuse_nul(self, row: int) -> None:
        at = int(self._index[row])
        raise DestinationRejectedError(
            f"event {at} has a NUL character (\\u0000) in {quote(self._column.name)}, "
            "which PostgreSQL cannot store",
            index=at,
        )

    def _refuse(self, mask: pa.Array, values: pa.Array, why: str) -> None:
        row = int(np.flatnonzero(_filled(mask))[0])
        at, name = int(self._index[row]), quote(self._column.name)
        raise DestinationRejectedError(
            f"event {at}: {values[row].as_py()} {why} into column {name} of {self._table}, "
            f"which is {self._column.type}; the template gives {self._column.kind.value}",
            hint=mend(str(self._table), name, self._column.kind, self._column.type),
            index=at,
        )

    def _event(self, mask: pa.Array) -> int:
        return int(self._index[np.flatnonzero(_filled(mask))[0]])


def _outside(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Which numbers are beyond a narrower integer's range."""
    limit = 1 << (wanted.bit_width - 1)
    number = float if pa.types.is_floating(values.type) else int
    low, high = pa.scalar(number(-limit), values.type), pa.scalar(number(limit), values.type)
    return pc.or_(pc.less(values, low), pc.greater_equal(values, high))


def _filled(mask: pa.Array) -> NDArray[np.bool_]:
    filled: NDArray[np.bool_] = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return filled

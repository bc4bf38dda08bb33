"""Fields of a batch whose events are Python values: those of the interpreter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import DestinationRejectedError
from eventer.core.field_values import ColumnTypeError, to_int64, to_microseconds
from eventer.core.json_text import json_text
from eventer.core.model import ColumnType, JsonValue, WrittenPart
from eventer.core.pointer import ABSENT, parse_pointer, resolve
from eventer.core.written_part import written_value


class JsonFields:
    """Reads typed columns from one Python value per row; `index` are the event indices."""

    def __init__(self, values: Sequence[JsonValue], index: NDArray[np.int64]) -> None:
        self._values = values
        self._index = index

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        tokens = parse_pointer(pointer)
        convert, arrow_type = CONVERSIONS[kind]
        cells: list[object] = []
        for row, value in enumerate(self._values):
            found = resolve(value, tokens)
            if found is ABSENT or found is None:
                cells.append(None)
                continue
            try:
                cells.append(convert(found))  # type: ignore[arg-type]  # ABSENT is excluded above
            except ColumnTypeError as error:
                raise rejection(int(self._index[row]), pointer, kind, found) from error
        return pa.array(cells, type=arrow_type)

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        found: set[str] = set()
        for value in self._values:
            if isinstance(value, Mapping):
                found.update(value)
        return frozenset(found)

    def of_part(self, part: WrittenPart) -> JsonFields:
        """The fields of a part of each event."""
        return JsonFields([written_value(value, part) for value in self._values], self._index)

    def cut(self, start: int, stop: int) -> JsonFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        return JsonFields(self._values[start:stop], self._index[start:stop])


def rejection(
    index: int, pointer: str, kind: ColumnType, value: object
) -> DestinationRejectedError:
    """The error for a value that does not have the type of a column."""
    text = json_text(value)  # type: ignore[arg-type]  # only JSON values get here
    shown = text if len(text) <= 80 else text[:77] + "..."
    return DestinationRejectedError(
        f"event {index}: the value at {pointer} is not a {kind.value}: {shown}", index=index
    )


def _double(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ColumnTypeError
    return float(value)


def _boolean(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ColumnTypeError
    return value


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ColumnTypeError
    return value


def _key(value: JsonValue) -> bytes:
    return (value if isinstance(value, str) else json_text(value)).encode()


CONVERSIONS: Final[Mapping[ColumnType, tuple[Callable[[JsonValue], object], pa.DataType]]] = {
    ColumnType.BIGINT: (to_int64, pa.int64()),
    ColumnType.DOUBLE: (_double, pa.float64()),
    ColumnType.BOOLEAN: (_boolean, pa.bool_()),
    ColumnType.TEXT: (_text, pa.large_string()),
    ColumnType.TIMESTAMPTZ: (to_microseconds, pa.timestamp("us", tz="UTC")),
    ColumnType.JSONB: (json_text, pa.large_string()),
    ColumnType.KEY: (_key, pa.large_binary()),
}

"""CSV files: the table of their cells, which are texts, and columns of other types.

pyarrow reads the file. The standard library's reader, which knows lines, finds the place of an
error, and only then.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from eventer.functions.numbers import EXACT
from eventer.functions.row_columns import (
    NumberColumn,
    RowColumn,
    TruthColumn,
    mask_of,
    text_column,
)
from eventer.functions.row_errors import check_utf8, file_error, without_bom

_NUMBER: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_INTEGER: Final = r"^[+-]?[0-9]+$"
_BOOLEAN: Final = r"^(?i:true|false|1|0)$"
_TIMESTAMP: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
_INSTANT: Final = pa.timestamp("us", tz="UTC")
_MAX_CELL: Final = 40


class CsvTable:
    """The cells of a CSV file: Arrow arrays of texts by column name."""

    def __init__(self, name: str, data: Any) -> None:
        """Reads a file.

        Raises:
            EvaluationError: it is not UTF-8, has no header or no row, names a column twice, or has
                rows of other lengths than the header.
        """
        self.name = name
        self._data = without_bom(data)
        check_utf8(name, self._data)
        self.names = self._header()
        self._cells = self._read()
        self.rows = len(self._cells[self.names[0]])
        if not self.rows:
            raise file_error(name, "the file has a header but no row", hint="add a row")

    def column(self, column: str, kind: str | None = None) -> RowColumn:
        """A column of a type, without one the cells as they are.

        Raises:
            EvaluationError: a cell is not of the type, with its line.
        """
        cells = self._cells[column]
        if kind is None:
            return text_column(cells)
        trimmed = cells if kind == "text" else pc.utf8_trim_whitespace(cells)
        empty = pc.equal(trimmed, "")
        given = pc.if_else(empty, pa.scalar(None, pa.large_string()), trimmed)
        return _CONVERSIONS[kind](self, column, given)

    def error(self, row: int, column: str, problem: str, hint: str | None = None) -> Exception:
        """The error of a cell."""
        number = self.names.index(column) + 1
        return file_error(self.name, f"{column!r} {problem}", self._line(row), number, hint)

    def refuse_first(self, column: str, wrong: Any, problem: str, hint: str) -> None:
        """Refuses the first cell for which an Arrow array of booleans is true, if any is."""
        row = pc.index(wrong, value=True).as_py()
        if row < 0:
            return
        text = self._cells[column][row].as_py()
        shown = text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…"
        raise self.error(row, column, f"is {shown!r}, {problem}", hint)

    def _header(self) -> tuple[str, ...]:
        for _, cells in _lines(self._data, strict=False):
            self._check_header(cells)
            return tuple(cells)
        raise file_error(self.name, "the file is empty", hint="its first line names the columns")

    def _check_header(self, names: Sequence[str]) -> None:
        known: set[str] = set()
        for number, name in enumerate(names, 1):
            if name in known:
                problem = f"column {name!r} is defined twice"
                raise file_error(self.name, problem, 1, number, hint="rename one of them")
            known.add(name)

    def _read(self) -> Mapping[str, Any]:
        text = pa.large_string()
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(pa.py_buffer(self._data)),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(self._data) + 1),
                pyarrow.csv.ParseOptions(newlines_in_values=True),
                pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(self.names, text),
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            self._refuse_ragged()
            raise file_error(self.name, "the file is not valid CSV") from None
        if np.count_nonzero(np.frombuffer(self._data, dtype=np.uint8) == ord('"')) % 2:
            self._refuse_ragged()
        # Arrow gives the chunks of a table; one array is faster to take rows from.
        return {
            name: pa.concat_arrays(table.column(number).chunks or [pa.array([], text)])
            for number, name in enumerate(self.names)
        }

    def _refuse_ragged(self) -> None:
        """Refuses the first row of another length than the header, or an open quote."""
        end = 0
        try:
            for end, cells in _lines(self._data):
                if len(cells) != len(self.names):
                    found, wanted = _count(len(cells)), len(self.names)
                    problem = f"the row has {found}, but the header names {wanted}"
                    hint = "put cells that contain commas into double quotes"
                    raise file_error(self.name, problem, end, hint=hint)
        except csv.Error as error:
            is_open = "end of data" in str(error)
            problem = (
                "a quoted cell has " + ("no" if is_open else "text after its") + " closing quote"
            )
            hint = 'write a quote within a quoted cell as ""'
            raise file_error(self.name, problem, end + 1, hint=hint) from None

    def _line(self, row: int) -> int:
        """The last line of a row, which most rows begin on."""
        rows = _lines(self._data)
        next(rows)
        return next(line for number, (line, _) in enumerate(rows) if number == row)


def _lines(data: memoryview, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of its last line."""
    limit = csv.field_size_limit(len(data) + 1)
    try:
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
        reader = csv.reader(text, strict=strict)
        for cells in reader:
            if cells:
                yield reader.line_num, cells
    finally:
        csv.field_size_limit(limit)


def _count(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


def _refuse_others(table: CsvTable, column: str, cells: Any, pattern: str, what: str) -> None:
    wrong = pc.fill_null(pc.invert(pc.match_substring_regex(cells, pattern)), fill_value=False)
    table.refuse_first(column, wrong, f"which is not {what}", _TYPE_HINT)


_TYPE_HINT: Final = "correct the cell, or give the column another type in `types`"


def _numbers(table: CsvTable, column: str, cells: Any) -> RowColumn:
    _refuse_others(table, column, cells, _NUMBER, "a number")
    return NumberColumn.of(_doubles(table, column, cells), mask_of(cells))


def _doubles(table: CsvTable, column: str, cells: Any) -> Any:
    numbers = pc.cast(cells, pa.float64())
    wrong = pc.fill_null(pc.invert(pc.is_finite(numbers)), fill_value=False)
    table.refuse_first(column, wrong, "which is too large for a number", _TYPE_HINT)
    return numbers.fill_null(0.0).to_numpy()


def _integers(table: CsvTable, column: str, cells: Any) -> RowColumn:
    _refuse_others(table, column, cells, _INTEGER, "an integer")
    numbers = _doubles(table, column, cells)
    wrong = pa.array(np.abs(numbers) > EXACT)
    table.refuse_first(
        column, wrong, "which is beyond 2^53 - 1", "give the column the type 'text' in `types`"
    )
    return NumberColumn(numbers.astype(np.int64), mask_of(cells))


def _booleans(table: CsvTable, column: str, cells: Any) -> RowColumn:
    _refuse_others(table, column, cells, _BOOLEAN, "true, false, 1 or 0")
    truths = pc.is_in(pc.utf8_lower(cells), pa.array(["true", "1"], pa.large_string()))
    return TruthColumn(truths.to_numpy(zero_copy_only=False), mask_of(cells))


def _texts(_table: CsvTable, _column: str, cells: Any) -> RowColumn:
    return text_column(cells, has_nulls=bool(cells.null_count))


def _timestamps(table: CsvTable, column: str, cells: Any) -> RowColumn:
    what = "a timestamp such as 2026-01-31T09:30:00Z"
    _refuse_others(table, column, cells, _TIMESTAMP, what)
    try:
        instants = pc.cast(cells, _INSTANT)
    except pa.ArrowInvalid:
        wrong = pa.array([_is_no_instant(each) for each in cells])
        table.refuse_first(column, wrong, f"which is not {what}", _TYPE_HINT)
        raise
    units = pc.cast(instants, pa.int64()).fill_null(0).to_numpy()
    return text_column(cells, has_nulls=bool(cells.null_count), units=units)


def _is_no_instant(cell: Any) -> bool:
    try:
        pc.cast(cell, _INSTANT)
    except pa.ArrowInvalid:
        return True
    return False


_CONVERSIONS: Final[Mapping[str, Callable[[CsvTable, str, Any], RowColumn]]] = {
    "integer": _integers,
    "number": _numbers,
    "boolean": _booleans,
    "text": _texts,
    "timestamp": _timestamps,
}

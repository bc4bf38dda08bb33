"""JSON and NDJSON files: a table of the fields of their objects.

Rows are read one by one into chunks of columns, so that a row is a Python object only for a moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.functions.row_columns import (
    NumberColumn,
    RowColumn,
    TruthColumn,
    json_column,
    mask_of,
    text_column,
)
from eventer.functions.row_errors import check_utf8, file_error, place_in, without_bom

_CHUNK: Final = 8_192
_SPACE: Final = re.compile(r"[ \t\r\n]*")

_Row: TypeAlias = tuple[int, int, Any]
"""The line and the column of a value, and the value."""


class JsonTable:
    """The fields of the objects of a file; a field that an object lacks is null."""

    def __init__(self, name: str, data: Any, *, lines: bool) -> None:
        """Reads a file with an object per line, or with an array of objects.

        Raises:
            EvaluationError: it is not UTF-8, not valid JSON, or has no rows, or one of them is not
                an object.
        """
        self.name = name
        view = without_bom(data)
        check_utf8(name, view)
        self.rows = 0
        self._chunks: dict[str, list[Any]] = {}
        rows = _rows_of_lines(name, view) if lines else _rows_of_array(name, view)
        self._read(rows)
        if not self.rows:
            raise file_error(name, "the file has no row", hint="write an object per row")
        self.names = tuple(self._chunks)
        self._columns = {each: _column(chunks) for each, chunks in self._chunks.items()}
        self._chunks.clear()

    def column(self, column: str, kind: str | None = None) -> RowColumn:
        """A column; its type is that of the data."""
        del kind
        return self._columns[column]

    def error(self, row: int, column: str, problem: str, hint: str | None = None) -> Exception:
        """The error of a field."""
        return file_error(f"{self.name}, row {row + 1}", f"{column!r} {problem}", hint=hint)

    def _read(self, rows: Iterator[_Row]) -> None:
        chunk: list[Mapping[str, JsonValue]] = []
        for line, column, value in rows:
            if not isinstance(value, dict):
                problem = f"a row must be an object, not {_article(value)}"
                raise file_error(self.name, problem, line, column)
            chunk.append(value)
            if len(chunk) == _CHUNK:
                self._add(chunk)
                chunk = []
        if chunk:
            self._add(chunk)

    def _add(self, chunk: list[Mapping[str, JsonValue]]) -> None:
        for name in dict.fromkeys(name for row in chunk for name in row):
            if name not in self._chunks:
                self._chunks[name] = [pa.nulls(self.rows)] if self.rows else []
        self.rows += len(chunk)
        for name, chunks in self._chunks.items():
            values = [row.get(name) for row in chunk]
            try:
                chunks.append(_chunk(values))
            except UnicodeEncodeError:
                problem = f"{name!r} contains an unpaired surrogate"
                before = self.rows - len(chunk)
                raise file_error(
                    self.name, f"rows {before + 1} to {self.rows}: {problem}"
                ) from None


def _chunk(values: list[JsonValue]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    kind = _ARROW.get(kinds.pop()) if len(kinds) == 1 else None
    if kind is not None:
        return pa.array(values, kind)
    if not kinds and all(value is None for value in values):
        return pa.nulls(len(values))
    return pa.array(
        [None if value is None else json_text(value) for value in values], pa.large_binary()
    )


_ARROW: Final = {str: pa.large_string(), float: pa.float64(), bool: pa.bool_()}


def _column(chunks: list[Any]) -> RowColumn:
    types = {chunk.type for chunk in chunks if not pa.types.is_null(chunk.type)}
    if len(types) != 1 or pa.types.is_large_binary(next(iter(types))):
        return json_column(pa.concat_arrays([_as_json(chunk) for chunk in chunks]))
    (kind,) = types
    values = pa.concat_arrays([chunk.cast(kind) for chunk in chunks])
    if pa.types.is_large_string(kind):
        return text_column(values, has_nulls=bool(values.null_count))
    nulls = mask_of(values)
    if pa.types.is_boolean(kind):
        truths = values.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
        return TruthColumn(truths, nulls)
    return NumberColumn.of(np.asarray(values.fill_null(0.0).to_numpy()), nulls)


def _as_json(chunk: Any) -> Any:
    if pa.types.is_large_binary(chunk.type):
        return pc.cast(chunk, pa.large_string())
    texts = [None if value is None else json_text(value) for value in chunk.to_pylist()]
    return pa.array(texts, pa.large_string())


def _article(value: JsonValue) -> str:
    if value is None or isinstance(value, bool):
        return json_text(value)
    kinds = {str: "text", float: "a number", list: "an array"}
    return kinds[type(value)]


class _NotFinite(ValueError):  # noqa: N818  a signal to the caller, not an error for users
    """A number such as NaN, which JSON does not have."""


def _refuse_constant(text: str) -> NoReturn:
    raise _NotFinite(text)


def _number(text: str) -> float:
    number = float(text)
    if number in (np.inf, -np.inf):
        raise _NotFinite(text)
    return number


_DECODER: Final = json.JSONDecoder(
    parse_int=_number, parse_float=_number, parse_constant=_refuse_constant
)


def _rows_of_lines(name: str, data: memoryview) -> Iterator[_Row]:
    number = start = 0
    text = bytes(data)
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end].decode()
        at = _SPACE.match(line).end()  # type: ignore[union-attr]  # matches every text
        if at < len(line):
            value, after = _decoded(name, line, at, number)
            rest = _SPACE.match(line, after).end()  # type: ignore[union-attr]  # as above
            if rest < len(line):
                problem = "the line has more than one JSON value"
                raise file_error(name, problem, number, rest + 1, hint="write one object per line")
            yield number, at + 1, value
        start = end + 1


def _rows_of_array(name: str, data: memoryview) -> Iterator[_Row]:
    text = str(data, "utf-8")

    def skip(at: int) -> int:
        return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # matches every text

    def wrong(at: int, problem: str) -> Exception:
        hint = "write an array of objects, or name the file .ndjson if it has an object per line"
        return file_error(name, problem, *place_in(text, at), hint=hint)

    at = skip(0)
    if not text.startswith("[", at):
        raise wrong(at, "the file must be an array of objects")
    at = skip(at + 1)
    while not text.startswith("]", at):
        value, after = _decoded(name, text, at)
        # Lines are counted for errors only: a dictionary is a row, which needs no place.
        line, column = (0, 0) if isinstance(value, dict) else place_in(text, at)
        yield line, column, value
        at = skip(after)
        has_next = text.startswith(",", at)
        at = skip(at + 1) if has_next else at
        if text.startswith("]", at) == has_next:
            missing = "a row after the comma" if has_next else "a comma or ']'"
            raise wrong(at, f"the file is not valid JSON: {missing} is missing")
    if skip(at + 1) < len(text):
        raise wrong(skip(at + 1), "the file has text after the array")


def _decoded(name: str, text: str, at: int, line: int | None = None) -> tuple[Any, int]:
    """The value at a character, and where it ends; `line` is the number of the text's only line."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        wrong, column = place_in(text, error.pos)
        problem = f"the file is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    except _NotFinite as error:
        wrong, column = place_in(text, at)
        problem = f"the file is not valid JSON: {error} is not a finite number"
    except RecursionError:
        wrong, column = place_in(text, at)
        problem = "the row is nested too deeply"
    raise file_error(name, problem, wrong if line is None else line, column)

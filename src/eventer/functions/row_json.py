"""JSON and NDJSON files: a table of the fields of their objects.

Rows are read one by one into chunks of columns, so that a row is a Python object only for a moment.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventer.core.json_errors import json_problem
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

MAX_ARRAY_BYTES: Final = 64 << 20
"""The largest array. Lines are decoded in batches, which takes less time and memory."""
MAX_CELLS: Final = 50_000_000
"""The most rows times fields: only files whose rows lack most fields can have more."""
_CHUNK: Final = 8_192
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_BLANK: Final = " \t\r\n"


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
        self._read(_Lines(name, view) if lines else _ArrayElements(name, view))
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

    def _read(self, values: _Values) -> None:
        chunk: list[Mapping[str, JsonValue]] = []
        marks: list[int] = []
        for mark, value in values:
            if not isinstance(value, dict):
                raise values.error(mark, f"a row must be an object, not {_article(value)}")
            chunk.append(value)
            marks.append(mark)
            if len(chunk) == _CHUNK:
                self._add(chunk, marks, values)
                chunk, marks = [], []
        if chunk:
            self._add(chunk, marks, values)

    def _add(self, chunk: list[Mapping[str, JsonValue]], marks: list[int], values: _Values) -> None:
        for name in dict.fromkeys(chain.from_iterable(chunk)):
            if name not in self._chunks:
                _check_name(name, chunk, marks, values)
                self._chunks[name] = [pa.nulls(self.rows)] if self.rows else []
        self.rows += len(chunk)
        if self.rows * len(self._chunks) > MAX_CELLS:
            problem = f"{len(self._chunks):,} different fields are too many for {self.rows:,} rows"
            raise values.error(marks[-1], f"{problem}: put rare ones into an object")
        for name, chunks in self._chunks.items():
            column = _fields(chunk, name)
            try:
                chunks.append(_chunk(column))
            except ValueError:
                row, problem = _first_wrong(column)
                raise values.error(marks[row], f"{name!r} {problem}") from None


def _check_name(
    name: str, chunk: list[Mapping[str, JsonValue]], marks: list[int], values: _Values
) -> None:
    """Refuses the name of a field, which rows of a chunk have, that is not Unicode text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        row = next(row for row, value in enumerate(chunk) if name in value)
        problem = f"the name {name!a} contains an unpaired surrogate"
        raise values.error(marks[row], problem) from None


def _fields(chunk: list[Mapping[str, JsonValue]], name: str) -> list[JsonValue]:
    """A field of each row; null where a row lacks it."""
    try:
        return list(map(itemgetter(name), chunk))
    except KeyError:
        return [row.get(name) for row in chunk]


def _chunk(values: list[JsonValue]) -> Any:
    """An Arrow array of values; of JSON texts, as bytes, if they have several types.

    Raises:
        ValueError: a number is not finite, or a text contains an unpaired surrogate.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    kind = _ARROW.get(next(iter(kinds))) if len(kinds) == 1 else None
    if kind is None:
        texts = [None if value is None else json_text(value).encode() for value in values]
        return pa.array(texts, pa.large_binary())
    array = pa.array(values, kind)
    if kinds == {float} and not np.isfinite(array.fill_null(0.0).to_numpy()).all():
        raise ValueError
    return array


def _first_wrong(values: list[JsonValue]) -> tuple[int, str]:
    """The first row with a value that `_chunk` refuses, and what is wrong."""
    for row, value in enumerate(values):
        try:
            json_text(value).encode()
        except UnicodeEncodeError:
            return row, "contains an unpaired surrogate"
        except ValueError:
            return row, "has a number that is too large"
    raise AssertionError("no value is wrong")


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


def _refuse_constant(text: str) -> NoReturn:
    raise json.JSONDecodeError(f"{text} is not a JSON number", "", -1)


_DECODER: Final = json.JSONDecoder(parse_int=float, parse_constant=_refuse_constant)


class _Values:
    """The values of a file, each with a mark, by which `error` finds its place."""

    def __init__(self, name: str, data: memoryview) -> None:
        self._name = name
        self._data = data

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        raise NotImplementedError

    def error(self, mark: int, problem: str) -> Exception:
        """The error of a value."""
        raise NotImplementedError

    def _decoded(self, text: str, at: int, line: int | None = None) -> tuple[Any, int]:
        """The value at a character, and where it ends; `line` is the number of an only line."""
        try:
            return _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            wrong, column = place_in(text, at if error.pos < 0 else error.pos)
            reason = error.msg if error.pos < 0 else json_problem(error)
            problem = f"the file is not valid JSON: {reason}"
        except RecursionError:
            wrong, column = place_in(text, at)
            problem = "the row is nested too deeply"
        raise file_error(self._name, problem, wrong if line is None else line, column)


class _Lines(_Values):
    """A value per line; the mark is the number of the line."""

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        lines = ((number, line) for number, line in enumerate(io.BytesIO(self._data), 1))
        given = (pair for pair in lines if pair[1].strip())
        while batch := list(islice(given, _CHUNK)):
            values = _decoded_together([line for _, line in batch])
            if values is None:
                yield from self._one_by_one(batch)
            else:
                yield from zip((number for number, _ in batch), values, strict=True)

    def _one_by_one(self, batch: list[tuple[int, bytes]]) -> Iterator[tuple[int, Any]]:
        """The values of lines, one of which is not valid."""
        for number, octets in batch:
            line = octets.decode().rstrip(_BLANK)
            at = len(line) - len(line.lstrip(_BLANK))
            value, end = self._decoded(line, at, number)
            if rest := line[end:].strip(_BLANK):
                problem = "the line has more than one JSON value"
                hint = "write one object per line"
                column = line.index(rest, end) + 1
                raise file_error(self._name, problem, number, column, hint=hint)
            yield number, value

    def error(self, mark: int, problem: str) -> Exception:
        """See `_Values.error`."""
        return file_error(self._name, problem, mark)


def _decoded_together(lines: list[bytes]) -> list[Any] | None:
    """A value per line, decoded as one text, which is faster; None if a line is not valid.

    Numbers between the lines show that no value spans lines.
    """
    text = b"[" + b",0,".join(lines) + b"]"
    try:
        values = _DECODER.decode(text.decode())
    except (json.JSONDecodeError, RecursionError):
        return None
    between = values[1::2]
    is_valid = len(values) == 2 * len(lines) - 1 and between == [0.0] * len(between)
    return values[::2] if is_valid else None


class _ArrayElements(_Values):
    """The elements of an array; the mark is the number of the first character."""

    def __init__(self, name: str, data: memoryview) -> None:
        super().__init__(name, data)
        if len(data) > MAX_ARRAY_BYTES:
            problem = f"the array is larger than {MAX_ARRAY_BYTES:,} bytes"
            raise file_error(name, problem, hint="write an object per line into an .ndjson file")
        self._text = str(data, "utf-8")

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        text, at = self._text, self._skip(0)
        if not text.startswith("[", at):
            raise self._wrong(at, "the file must be an array of objects")
        at = self._skip(at + 1)
        while not text.startswith("]", at):
            value, end = self._decoded(text, at)
            yield at, value
            at = self._skip(end)
            has_next = text.startswith(",", at)
            at = self._skip(at + 1) if has_next else at
            if text.startswith("]", at) == has_next:
                missing = "a row after the comma" if has_next else "a comma or ']'"
                raise self._wrong(at, f"the file is not valid JSON: {missing} is missing")
        at = self._skip(at + 1)
        if at < len(text):
            raise self._wrong(at, "the file has text after the array")

    def error(self, mark: int, problem: str) -> Exception:
        """See `_Values.error`."""
        return file_error(self._name, problem, *place_in(self._text, mark))

    def _skip(self, at: int) -> int:
        return _SPACE.match(self._text, at).end()  # type: ignore[union-attr]  # matches every text

    def _wrong(self, at: int, problem: str) -> Exception:
        hint = "write an array of objects, or name the file .ndjson if it has an object per line"
        return file_error(self._name, problem, *place_in(self._text, at), hint=hint)

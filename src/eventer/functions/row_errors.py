"""Errors in files of rows: they name the file, the line and the column."""

from __future__ import annotations

import codecs
from typing import Any

from eventer.core.errors import EvaluationError

_BOM = codecs.BOM_UTF8


def file_error(
    name: str,
    problem: str,
    line: int | None = None,
    column: int | None = None,
    hint: str | None = None,
) -> EvaluationError:
    """The error of a file; line and column count from 1."""
    place = name if line is None else f"{name}, line {line}"
    place += "" if column is None else f", column {column}"
    return EvaluationError(f"get_row: {place}: {problem}", hint=hint)


def without_bom(data: Any) -> memoryview:
    """The bytes of a file after its byte order mark, if it has one."""
    view = memoryview(data)
    return view[len(_BOM) :] if view[: len(_BOM)] == _BOM else view


def check_utf8(name: str, data: memoryview) -> None:
    """Refuses bytes that are not UTF-8.

    Raises:
        EvaluationError: with the place of the first wrong byte.
    """
    import numpy as np
    import pyarrow as pa

    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        whole = [None, ends, pa.py_buffer(data)]
        pa.Array.from_buffers(pa.large_string(), 1, whole).validate(full=True)
    except pa.ArrowInvalid:
        line, column = _wrong_byte(data)
        raise file_error(
            name, "the file is not valid UTF-8", line, column, hint="save it as UTF-8"
        ) from None


def _wrong_byte(data: memoryview) -> tuple[int, int]:
    try:
        codecs.decode(data, "utf-8")
    except UnicodeDecodeError as error:
        return place_in(str(data[: error.start], "utf-8"), error.start)
    raise AssertionError("Arrow and Python disagree about UTF-8")


def place_in(text: str, at: int) -> tuple[int, int]:
    """The line and the column of a character, from 1."""
    before = text[:at]
    return before.count("\n") + 1, len(before) - before.rfind("\n")

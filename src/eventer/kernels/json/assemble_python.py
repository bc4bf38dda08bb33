"""Row programs in Python, for a few rows. It defines their meaning; tests compare the kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from eventer.core.json_text import number_text, string_text
from eventer.kernels.json.assemble import AssembledTexts
from eventer.kernels.json.instructions import Column, RowOp, RowProgram


def assemble_in_python(
    program: RowProgram,
    columns: Sequence[Column],
    rows: int,
    *,
    limit: int,
    event_limit: int,
    first: int = 0,
) -> AssembledTexts:
    """See `eventer.kernels.json.assemble.assemble`."""
    code, read = program.code.tolist(), [*map(_ColumnReader, columns)]
    texts: list[bytes] = []
    ends, oversize = [0], None
    for row in range(first, first + rows):
        text = _row(code, program.literals, read, row)
        if len(text) > event_limit:
            oversize = len(text)
            break
        texts.append(text)
        ends.append(ends[-1] + len(text))
        if ends[-1] >= limit:
            break
    joined = np.frombuffer(b"".join(texts), dtype=np.uint8)
    return AssembledTexts(joined, np.array(ends, dtype=np.int64), oversize)


class _ColumnReader:
    """A column as Python values; texts are not converted as a whole."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._data = memoryview(b"" if column.data is None else column.data)  # type: ignore[arg-type]

    @cached_property
    def numbers(self) -> list[Any]:
        """All numbers."""
        found: list[Any] = self._column.numbers.tolist()
        return found

    def text(self, row: int) -> bytes:
        """The text of a row."""
        return bytes(self._data[self._column.numbers[row] : self._column.numbers[row + 1]])


def _row(code: list[list[int]], literals: bytes, columns: list[_ColumnReader], row: int) -> bytes:
    """The text of one root row."""
    out, stack, pc = bytearray(), list[int](), 0
    while True:
        op, a, b = code[pc]
        pc += 1
        if op == RowOp.LITERAL:
            out += literals[a : a + b]
        elif op == RowOp.END:
            return bytes(out)
        elif op in _WRITES:
            out += _WRITES[op](columns[a], row)
        elif op == RowOp.ENTRY:
            out += columns[b].text(columns[a].numbers[row])
        elif op == RowOp.BRANCH:
            stack.append(row)
            row = columns[a].numbers[row]
            if row < 0:
                row, pc = ~row, b
        elif op == RowOp.RESTORE:
            row = stack.pop()
        elif op == RowOp.JUMP:
            pc = b
        elif op == RowOp.LOOP:
            start, stop = columns[a].numbers[row : row + 2]
            if start == stop:
                pc = b
            else:
                stack += [row, stop]
                row = start
        elif op == RowOp.NEXT:
            row += 1
            if row < stack[-1]:
                out += b","
                pc = b
            else:
                stack.pop()
                row = stack.pop()
        elif not out.endswith((b"{", b"[")):
            out += b","


_WRITES: dict[int, Callable[[_ColumnReader, int], bytes]] = {
    RowOp.INTEGER: lambda column, row: b"%d" % column.numbers[row],
    RowOp.DOUBLE: lambda column, row: number_text(column.numbers[row]).encode(),
    RowOp.BOOLEAN: lambda column, row: b"true" if column.numbers[row] else b"false",
    RowOp.TEXT: lambda column, row: string_text(column.text(row).decode()).encode(),
    RowOp.PLAIN: lambda column, row: b'"' + column.text(row) + b'"',
    RowOp.RAW: lambda column, row: column.text(row),
}

"""The instructions of a row program, put down one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from eventer.core.json_text import json_text
from eventer.kernels.alike import Alike, alike
from eventer.kernels.assemble import MAX_DEPTH, Column, Op, RowProgram
from eventer.plan.graph import Node
from eventer.plan.refusal import RefusedError
from eventer.plan.row_program import Lay, Program, Slot

MAX_INSTRUCTIONS: Final = 100_000
MAX_LITERALS: Final = 4 << 20
"""Bytes of text that a program may hold: an event beyond it is larger than an event may be."""
_ROOM: Final = 64

Mark: TypeAlias = tuple[int, int, int]
"""How much was there: instructions, those that read slots, and levels."""


class Instructions:
    """Instructions so far, with the literals, dictionaries and slots that they name.

    Raises:
        RefusedError: they are too many, too large or too deep; any method may.
    """

    def __init__(self) -> None:
        self._code: list[tuple[int, int, int]] = []
        self._literals = bytearray()
        self._slots: dict[tuple[Lay, int], int] = {}
        self._columns: list[Slot] = []
        self._patches: list[tuple[int, int]] = []
        self._numbers: dict[int, int] = {}
        self._dictionaries: list[Column] = []
        self._alike: list[Alike | None] = []
        self._kept: list[Any] = []
        self._held = 0
        self._pending = bytearray()
        self._depth = 0

    def program(self) -> Program:
        """The program of all that was put down."""
        self.emit(Op.END)
        code = np.array(self._code, dtype=np.int64)
        for instruction, slot in self._patches:
            code[instruction, 1] = len(self._dictionaries) + slot
        return Program(
            RowProgram(code, bytes(self._literals), self._alike),
            tuple(self._dictionaries),
            tuple(self._columns),
        )

    def text(self, text: str) -> None:
        """Text that is the same in every row; neighbours become one instruction."""
        self._pending += text.encode()
        if len(self._pending) + len(self._literals) + self._held > MAX_LITERALS:
            raise RefusedError(f"an event has more than {MAX_LITERALS:,} bytes of constant text")

    def flush(self) -> None:
        """Makes the text so far an instruction."""
        if self._pending:
            start = len(self._literals)
            self._literals += self._pending
            self._add(Op.LITERAL, start, len(self._pending))
            self._pending.clear()

    def emit(self, op: Op, a: int = 0, b: int = 0) -> int:
        """Puts an instruction down; its number."""
        self.flush()
        return self._add(op, a, b)

    def _add(self, op: Op, a: int = 0, b: int = 0) -> int:
        if len(self._code) >= MAX_INSTRUCTIONS:
            raise RefusedError(f"an event needs more than {MAX_INSTRUCTIONS:,} instructions")
        self._code.append((int(op), a, b))
        return len(self._code) - 1

    def here(self) -> int:
        """The number of the instruction that comes next."""
        self.flush()
        return len(self._code)

    def aim(self, instruction: int) -> None:
        """Makes an instruction jump to what comes next."""
        op, a, _ = self._code[instruction]
        self._code[instruction] = (op, a, self.here())

    def column(self, op: Op, lay: Lay, node: Node, b: int = 0) -> int:
        """Puts an instruction down that reads a column; its number."""
        instruction = self.emit(op, 0, b)
        place = (lay, id(node))
        number = self._slots.get(place)
        if number is None:
            number = self._slots[place] = len(self._columns)
            self._columns.append(Slot(lay, node))
        self._patches.append((instruction, number))
        return instruction

    def deeper(self, by: int) -> None:
        """Goes so many levels down, or up again where it is below 0."""
        self._depth += by
        if self._depth > MAX_DEPTH:
            raise RefusedError(f"lists and optional parts are nested more than {MAX_DEPTH} deep")

    def mark(self) -> Mark:
        """Where `undo` goes back to."""
        self.flush()
        return len(self._code), len(self._patches), self._depth

    def undo(self, mark: Mark) -> None:
        """Takes back what was put down since a mark; slots and dictionaries stay."""
        code, patches, self._depth = mark
        del self._code[code:], self._patches[patches:]
        self._pending.clear()

    def dictionary(self, entries: Sequence[Any]) -> int:
        """The number of the dictionary that has the texts of a pick's entries."""
        number = self._numbers.get(id(entries))
        if number is None:
            number = self._numbers[id(entries)] = len(self._dictionaries)
            texts = [json_text(entry).encode() for entry in entries]
            made = _dictionary(texts)
            self._dictionaries.append(made)
            self._alike.append(alike(texts))
            self._kept.append(entries)
            self._held += int(made.numbers[-1])
        return number


def _dictionary(texts: Sequence[bytes]) -> Column:
    """Entries as their JSON texts, with room behind them so that they are copied in blocks."""
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([*map(len, texts)], out=offsets[1:])
    return Column(offsets, np.frombuffer(b"".join(texts) + bytes(_ROOM), dtype=np.uint8))

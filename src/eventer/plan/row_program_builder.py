"""Builds the instructions of a row program in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.functions.spec import BoundCall
from eventer.kernels.json.instructions import MAX_DEPTH, Column, RowOp, RowProgram
from eventer.kernels.json.prefix_classes import PrefixClasses, prefix_classes
from eventer.plan.graph import Domain, Node
from eventer.plan.row_program import BoundRowProgram, ColumnSlot, Layout, ProgramInput
from eventer.plan.unsupported import PlanUnsupportedError

MAX_INSTRUCTIONS: Final = 100_000
MAX_LITERALS: Final = 4 << 20
"""Bytes of constant text in a program; the limit of an event is lower."""
_PADDING_BYTES: Final = 64

Checkpoint: TypeAlias = tuple[int, int, int]
"""The numbers of instructions and of patches, and the depth."""


class RowProgramBuilder:
    """The instructions so far, and their literals, dictionaries and slots.

    Raises:
        PlanUnsupportedError: any method, beyond a limit.
    """

    def __init__(self, json_text: Callable[[JsonValue], str] = json_text) -> None:
        self._json_text = json_text
        self._code: list[tuple[int, int, int]] = []
        self._literals = bytearray()
        self._slots: dict[tuple[Layout, int], int] = {}
        self._columns: list[ColumnSlot] = []
        self._patches: list[tuple[int, int]] = []
        self._numbers: dict[int, int] = {}
        self._dictionaries: list[Column] = []
        self._prefix_classes: list[PrefixClasses | None] = []
        self._entries: list[Any] = []
        self._dictionary_bytes = 0
        self._pending = bytearray()
        self._depth = 0
        self._inputs: list[ProgramInput] = []

    def program(self) -> BoundRowProgram:
        """The finished program."""
        self.emit(RowOp.END)
        code = np.array(self._code, dtype=np.int64)
        for instruction, slot in self._patches:
            code[instruction, 1] = len(self._dictionaries) + slot
        return BoundRowProgram(
            RowProgram(code, bytes(self._literals), self._prefix_classes),
            tuple(self._dictionaries),
            tuple(self._columns),
            tuple(self._inputs),
        )

    def add_literal(self, text: str) -> None:
        """Adds constant text; adjacent texts become one instruction."""
        self._pending += text.encode()
        if len(self._pending) + len(self._literals) + self._dictionary_bytes > MAX_LITERALS:
            raise PlanUnsupportedError(
                f"an event has more than {MAX_LITERALS:,} bytes of constant text"
            )

    def add_input(self, call: BoundCall, domain: Domain) -> None:
        """Adds the text of a call that is an input of the plan, as a JSON string."""
        self._inputs.append(ProgramInput(self.emit(RowOp.LITERAL), call, domain))

    def flush(self) -> None:
        """Emits the pending text as an instruction."""
        if self._pending:
            start = len(self._literals)
            self._literals += self._pending
            self._add(RowOp.LITERAL, start, len(self._pending))
            self._pending.clear()

    def emit(self, op: RowOp, a: int = 0, b: int = 0) -> int:
        """Adds an instruction; returns its number."""
        self.flush()
        return self._add(op, a, b)

    def _add(self, op: RowOp, a: int = 0, b: int = 0) -> int:
        if len(self._code) >= MAX_INSTRUCTIONS:
            raise PlanUnsupportedError(
                f"an event needs more than {MAX_INSTRUCTIONS:,} instructions"
            )
        self._code.append((int(op), a, b))
        return len(self._code) - 1

    def next_instruction(self) -> int:
        """The number of the next instruction."""
        self.flush()
        return len(self._code)

    def patch_jump(self, instruction: int) -> None:
        """Sets the target of a jump to the next instruction."""
        op, a, _ = self._code[instruction]
        self._code[instruction] = (op, a, self.next_instruction())

    def emit_column(self, op: RowOp, layout: Layout, node: Node, b: int = 0) -> int:
        """Adds an instruction that reads a column; returns its number."""
        instruction = self.emit(op, 0, b)
        key = (layout, id(node))
        number = self._slots.get(key)
        if number is None:
            number = self._slots[key] = len(self._columns)
            self._columns.append(ColumnSlot(layout, node))
        self._patches.append((instruction, number))
        return instruction

    def change_depth(self, by: int) -> None:
        """Changes the nesting depth."""
        self._depth += by
        if self._depth > MAX_DEPTH:
            raise PlanUnsupportedError(
                f"lists and optional parts are nested more than {MAX_DEPTH} levels deep"
            )

    def checkpoint(self) -> Checkpoint:
        """The present state, for `roll_back`."""
        self.flush()
        return len(self._code), len(self._patches), self._depth

    def roll_back(self, checkpoint: Checkpoint) -> None:
        """Removes the instructions since a checkpoint; slots and dictionaries stay."""
        code, patches, self._depth = checkpoint
        del self._code[code:], self._patches[patches:]
        self._inputs = [each for each in self._inputs if each.instruction < code]
        self._pending.clear()

    def dictionary(self, entries: Sequence[Any]) -> int:
        """The number of the column with the JSON texts of a dictionary's entries."""
        number = self._numbers.get(id(entries))
        if number is None:
            number = self._numbers[id(entries)] = len(self._dictionaries)
            texts = [self._json_text(entry).encode() for entry in entries]
            column = _dictionary(texts)
            self._dictionaries.append(column)
            self._prefix_classes.append(prefix_classes(texts))
            self._entries.append(entries)
            self._dictionary_bytes += int(column.numbers[-1])
        return number


def _dictionary(texts: Sequence[bytes]) -> Column:
    """The JSON texts of entries, padded for block copies."""
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([*map(len, texts)], out=offsets[1:])
    return Column(offsets, np.frombuffer(b"".join(texts) + bytes(_PADDING_BYTES), dtype=np.uint8))

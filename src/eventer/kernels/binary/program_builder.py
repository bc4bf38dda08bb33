"""Builds binary programs instruction by instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from eventer.core.json_text import string_text
from eventer.kernels.binary.instructions import (
    ENTRY_WORDS,
    INSTRUCTION_WORDS,
    MAX_TAG_BYTES,
    BinaryOp,
    BinaryProgram,
)

_PADDING: Final = bytes(16)


class Label:
    """A place in a program, to which instructions jump."""

    __slots__ = ("position",)

    def __init__(self) -> None:
        self.position = -1


class ProgramBuilder:
    """The instructions so far, their names and their tables."""

    def __init__(self) -> None:
        self._code: list[list[int]] = []
        self._jumps: list[tuple[int, Label]] = []
        self._names = bytearray()
        self._tables: list[int] = []

    def program(self) -> BinaryProgram:
        """The finished program."""
        self.emit(BinaryOp.END)
        for instruction, label in self._jumps:
            self._code[instruction][3] = label.position
        return BinaryProgram(
            np.array(self._code, np.int64).reshape(-1, INSTRUCTION_WORDS),
            np.frombuffer(bytes(self._names) + _PADDING, np.uint8),
            np.array(self._tables, np.int64),
        )

    def emit(self, op: BinaryOp, a: int = 0, b: int = 0, *, to: Label | None = None) -> None:
        """Adds an instruction, which may jump `to` a label."""
        if to is not None:
            self._jumps.append((len(self._code), to))
        self._code.append([int(op), a, b, 0])

    def value(self, op: BinaryOp, tag: bytes = b"", shift: int = 0) -> None:
        """Adds an instruction that writes a tag and a value, whose length is shifted."""
        self.emit(op, *_tag(tag))
        self._code[-1][3] = shift

    def put(self, data: bytes) -> None:
        """Writes constant bytes."""
        for begin in range(0, len(data), MAX_TAG_BYTES):
            self.value(BinaryOp.PUT, data[begin : begin + MAX_TAG_BYTES])

    def expect(self, character: str) -> None:
        """Reads a character."""
        self.emit(BinaryOp.EXPECT, ord(character))

    def field(self, name: str, absent: Label) -> None:
        """Reads the name of a field of an object; jumps to `absent` if another follows."""
        self.emit(BinaryOp.FIELD, *self._name(f"{string_text(name)}:"), to=absent)

    def seek(self, name: str, absent: Label) -> None:
        """Goes to a field of an object in any order; jumps to `absent` if there is none."""
        self.emit(BinaryOp.SEEK, *self._name(f"{string_text(name)}:"), to=absent)

    def __len__(self) -> int:
        """The number of instructions and of entries of tables so far."""
        return len(self._code) + len(self._tables) // ENTRY_WORDS

    def open(self, opening: str, closing: str, end: Label) -> None:
        """Begins an array or an object without a count; jumps to `end` if it is empty."""
        self.emit(BinaryOp.OPEN, ord(opening), ord(closing), to=end)

    def more(self, closing: str, body: Label) -> None:
        """Ends an item without a count; jumps to `body` if there is another."""
        self.emit(BinaryOp.MORE, 0, ord(closing), to=body)

    def items(self, opening: str, closing: str, end: Label) -> None:
        """Begins an array or an object of any fields; jumps to `end` if it is empty."""
        self.emit(BinaryOp.ITEMS, ord(opening), ord(closing), to=end)

    def next(self, closing: str, body: Label) -> None:
        """Ends an item; jumps to `body` if there is another."""
        self.emit(BinaryOp.NEXT, 0, ord(closing), to=body)

    def choice(self, codes: Sequence[tuple[str, int]], tag: bytes = b"") -> None:
        """Writes the varint of one of some texts."""
        label = Label()
        label.position = len(self._tables)
        self._tables.append(len(codes))
        for text, code in codes:
            self._tables += [*self._name(string_text(text)), code]
        self.emit(BinaryOp.CHOICE, *_tag(tag), to=label)

    def place(self, label: Label) -> None:
        """Puts a label before the next instruction."""
        label.position = len(self._code)

    def _name(self, text: str) -> tuple[int, int]:
        begin, data = len(self._names), text.encode()
        self._names += data
        return begin, len(data)


def _tag(tag: bytes) -> tuple[int, int]:
    assert len(tag) <= MAX_TAG_BYTES
    return int.from_bytes(tag.ljust(8, b"\0"), "little", signed=True), len(tag)

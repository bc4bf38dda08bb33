"""Builds a `TextProgram`: lays out texts and tables, numbers registers and key slots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from eventer.kernels import draw
from eventer.kernels.draw.random_texts import OPERANDS, SLACK, TextOp, TextProgram


@dataclass(frozen=True, slots=True)
class RandomWord:
    """A random word of a text: drawn `steps` after the call's key, then `& and_mask | or_mask`."""

    steps: tuple[int, ...]
    and_mask: int = draw.MASK
    or_mask: int = 0


class ProgramBuilder:
    """Collects words and instructions; equal texts, tables and numbers are stored once."""

    def __init__(self, words: Sequence[RandomWord]) -> None:
        self._words = words
        self._code: list[list[int]] = []
        self._numbers: list[int] = []
        self._octets = bytearray()
        self._offsets: dict[tuple[int, ...] | tuple[str, ...] | bytes, int] = {}
        self._registers: dict[tuple[int, ...], int] = {}
        self._register_count = 0

    def add(self, op: TextOp, *operands: int) -> None:
        """Adds an instruction."""
        self._code.append([op, *operands, *[0] * (OPERANDS - len(operands))])

    def register(self, op: TextOp, *operands: int) -> int:
        """The register with the number that this instruction computes."""
        made = (op, *operands)
        if made not in self._registers:
            self._registers[made] = self._register_count
            self._register_count += 1
            self.add(op, self._registers[made], *operands)
        return self._registers[made]

    @contextmanager
    def unless(self, register: int, hidden: int) -> Iterator[None]:
        """Skips the instructions added within if table `hidden` is not 0 at the register.

        A number that is computed within is not known afterwards.
        """
        at, known = len(self._code), dict(self._registers)
        self.add(TextOp.UNLESS)
        yield
        self._registers = known
        self._code[at][1:4] = [register, hidden, len(self._code) - at - 1]

    def text(self, text: bytes) -> int:
        """The start of a text."""
        if text not in self._offsets:
            self._offsets[text] = len(self._octets)
            self._octets += text
        return self._offsets[text]

    def table(self, numbers: Sequence[int]) -> int:
        """The start of a table of numbers."""
        found = tuple(map(int, numbers))
        if found not in self._offsets:
            self._offsets[found] = len(self._numbers)
            self._numbers += found
        return self._offsets[found]

    def dictionary(self, entries: tuple[str, ...]) -> int:
        """The start of a table with the starts of entries and the end of the last one."""
        if entries not in self._offsets:
            start = len(self._octets)
            texts = [entry.encode() for entry in entries]
            ends = np.cumsum([0, *map(len, texts)]) + start
            self._octets += b"".join(texts)
            self._offsets[entries] = self.table(ends.tolist())
        return self._offsets[entries]

    def build(self, width: int) -> TextProgram:
        """The program; its texts have at most `width` bytes."""
        slots: dict[tuple[int, ...], int] = {(): 0}
        for word in self._words:
            for depth in range(len(word.steps)):
                slots.setdefault(word.steps[: depth + 1], len(slots))
        steps = [draw.mixed_step(path[-1]) if path else 0 for path in slots]
        return TextProgram(
            parents=np.array([slots[path[:-1]] for path in slots], dtype=np.int64),
            steps=draw.key_column(steps),
            slots=np.array([slots[word.steps] for word in self._words], dtype=np.int64),
            and_masks=draw.key_column([word.and_mask for word in self._words]),
            or_masks=draw.key_column([word.or_mask for word in self._words]),
            code=np.array(self._code, dtype=np.int64).reshape(-1, OPERANDS + 1),
            numbers=np.array(self._numbers, dtype=np.int64),
            data=np.frombuffer(bytes(self._octets) + bytes(SLACK), dtype=np.uint8),
            registers=self._register_count + 1,
            width=width,
        )

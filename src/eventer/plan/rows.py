"""A traced value to a row program: what the kernel does to write each row's JSON text.

The program is written once; it names its columns by numbers, and `Program.columns` lays those of
a run out as the kernel reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.json_text import json_text, string_text
from eventer.core.source import Span
from eventer.jsonnet.objects import Object
from eventer.jsonnet.values import Array, Function, force
from eventer.kernels.alike import Alike, alike
from eventer.kernels.assemble import MAX_DEPTH, NUMBERS, TEXTS, Column, Op, RowProgram
from eventer.kernels.columns import selectors
from eventer.kernels.pgcopy import text_buffers
from eventer.plan.execute import Run
from eventer.plan.graph import Domain, Literal, Node, Type, base_of
from eventer.plan.refusal import RefusedError
from eventer.plan.symbols import Choice, List, Nothing, Symbol
from eventer.plan.trace.objects import Chain, OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.trace.views import lifted

MAX_INSTRUCTIONS: Final = 100_000
MAX_LITERALS: Final = 4 << 20
"""Bytes of text that a program may hold: an event beyond it is larger than an event may be."""
_ROOM: Final = 64


class Lay(Enum):
    """What a slot's column is laid out as."""

    NUMBERS = "numbers"
    DOUBLES = "doubles"
    BOOLEANS = "booleans"
    TEXT = "text"
    SELECTOR = "selector"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that the program reads."""

    lay: Lay
    node: Node


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions, and the columns that they read: first dictionaries, then those of slots."""

    rows: RowProgram
    dictionaries: tuple[Column, ...]
    slots: tuple[Slot, ...]

    def columns(self, run: Run) -> list[Column]:
        """The columns for one run."""
        return [*self.dictionaries, *(_laid(slot, run) for slot in self.slots)]

    def slot(self, instruction: int) -> Slot | None:
        """The slot that an instruction reads, if it reads any."""
        op, column, _ = self.rows.code[instruction].tolist()
        return self.slots[column - len(self.dictionaries)] if op in _READING else None


_READING: Final = TEXTS | NUMBERS


def _laid(slot: Slot, run: Run) -> Column:
    value = run.value(slot.node)
    if slot.lay is Lay.TEXT:
        return Column(*text_buffers(_whole(value)))
    if slot.lay is Lay.SELECTOR:
        return Column(selectors(value))
    if slot.lay is Lay.LIST:
        offsets = np.zeros(len(value) + 1, dtype=np.int64)
        np.cumsum(value, out=offsets[1:])
        return Column(offsets)
    wanted = _DTYPES[slot.lay]
    return Column(value if value.dtype == wanted else value.astype(wanted))


_DTYPES: Final[dict[Lay, Any]] = {
    Lay.NUMBERS: np.int64,
    Lay.DOUBLES: np.float64,
    Lay.BOOLEANS: np.bool_,
}


def _whole(texts: Any) -> Any:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


class Writer:
    """Writes the program of one value in the domain that is current when it begins."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
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

    def program(self, value: Any) -> Program:
        """The program that writes a value.

        Raises:
            RefusedError: it is too large, or of a kind that has no text.
            EvaluationError: every row raises.
            BudgetError: it has more values than the rest of the trace's steps, or took too long.
        """
        self._value(value)
        self._emit(Op.END)
        code = np.array(self._code, dtype=np.int64)
        for instruction, slot in self._patches:
            code[instruction, 1] = len(self._dictionaries) + slot
        return Program(
            RowProgram(code, bytes(self._literals), self._alike),
            tuple(self._dictionaries),
            tuple(self._columns),
        )

    # -- instructions ---------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        """Text that is the same in every row; neighbours become one instruction."""
        self._pending += text.encode()
        if len(self._pending) + len(self._literals) + self._held > MAX_LITERALS:
            raise RefusedError(f"an event has more than {MAX_LITERALS:,} bytes of constant text")

    def _flush(self) -> None:
        if self._pending:
            start = len(self._literals)
            self._literals += self._pending
            self._add(Op.LITERAL, start, len(self._pending))
            self._pending.clear()

    def _emit(self, op: Op, a: int = 0, b: int = 0) -> int:
        self._flush()
        return self._add(op, a, b)

    def _add(self, op: Op, a: int = 0, b: int = 0) -> int:
        if len(self._code) >= MAX_INSTRUCTIONS:
            raise RefusedError(f"an event needs more than {MAX_INSTRUCTIONS:,} instructions")
        self._code.append((int(op), a, b))
        return len(self._code) - 1

    def _here(self) -> int:
        self._flush()
        return len(self._code)

    def _aim(self, instruction: int) -> None:
        """Makes an instruction jump to what comes next."""
        op, a, _ = self._code[instruction]
        self._code[instruction] = (op, a, self._here())

    def _column(self, op: Op, lay: Lay, node: Node, b: int = 0) -> int:
        instruction = self._emit(op, 0, b)
        place = (lay, id(node))
        number = self._slots.get(place)
        if number is None:
            number = self._slots[place] = len(self._columns)
            self._columns.append(Slot(lay, node))
        self._patches.append((instruction, number))
        return instruction

    def _deeper(self, by: int) -> None:
        self._depth += by
        if self._depth > MAX_DEPTH:
            raise RefusedError(f"lists and optional parts are nested more than {MAX_DEPTH} deep")

    # -- values ---------------------------------------------------------------------------------

    def _value(self, operand: Any) -> None:
        self._tracer.charge(1)
        value = self._tracer.settled(force(operand))
        if isinstance(value, Symbol):
            self._symbol(value)
        elif isinstance(value, Choice):
            self._choice(value)
        elif isinstance(value, List):
            self._list(value)
        elif isinstance(value, Array):
            self._array(value)
        elif isinstance(value, Object):
            self._object(value)
        elif isinstance(value, Function | Nothing):
            raise EvaluationError("a function is no JSON value")
        else:
            if isinstance(value, str) and len(value) > MAX_LITERALS:
                raise RefusedError(f"an event has a constant text of {len(value):,} characters")
            self._text(json_text(value))

    def _symbol(self, value: Symbol) -> None:
        node = self._tracer.lift(value.node)
        if node.type is Type.PICK:
            self._column(Op.ENTRY, Lay.NUMBERS, node, self._dictionary(node.entries))
            return
        if node.type is Type.VALUE:
            graph, domain = self._tracer.graph, self._tracer.domain
            texts = graph.node("value_text", (node,), domain, Type.TEXT)
            self._column(Op.RAW, Lay.TEXT, texts)
            return
        if _is_of_plain_parts(node):
            self._parts(node)
            return
        op, lay = _SCALARS[node.type]
        self._column(Op.PLAIN if _is_plain(node) else op, lay, node)

    def _parts(self, node: Node) -> None:
        """Texts put together, written part by part: the column of the whole is not made."""
        self._text('"')
        for part in node.arguments:
            if isinstance(part, Literal):
                assert isinstance(part.value, str)
                self._text(string_text(part.value)[1:-1])
            elif part.operation == "whole_text":
                (number,) = part.arguments
                assert isinstance(number, Node)
                self._column(Op.WHOLE, Lay.NUMBERS, number)
            else:
                self._column(Op.RAW, Lay.TEXT, part)
        self._text('"')

    def _dictionary(self, entries: Sequence[Any]) -> int:
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

    def _choice(self, value: Choice) -> None:
        self._branch(
            value.condition,
            lambda: self._value(self._tracer.side_of(value, holds=True)),
            lambda: self._value(self._tracer.side_of(value, holds=False)),
        )

    def _branch(
        self, condition: Symbol, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        mask = self._tracer.truth(condition)
        parts = [self._tracer.part(condition, holds=holds) for holds in (True, False)]
        self._deeper(1)
        branch = self._column(Op.BRANCH, Lay.SELECTOR, mask)
        self._side(parts[0], then)
        self._emit(Op.RESTORE)
        jump = self._emit(Op.JUMP)
        self._aim(branch)
        if otherwise is not None:
            self._side(parts[1], otherwise)
        self._emit(Op.RESTORE)
        self._aim(jump)
        self._deeper(-1)

    def _side(self, part: Domain, write: Callable[[], None]) -> None:
        """What is written for some rows; nothing, where all of them raise."""
        self._flush()
        before = len(self._code), len(self._patches), self._depth
        with self._tracer.inside(part):
            try:
                write()
                self._flush()
            except EvaluationError as error:
                del self._code[before[0] :], self._patches[before[1] :]
                self._pending.clear()
                self._depth = before[2]
                self._tracer.graph.raises(part, None, str(error))

    def _list(self, value: List) -> None:
        value = lifted(self._tracer, value)
        self._text("[")
        self._deeper(2)
        loop = self._column(Op.LOOP, Lay.LIST, value.lengths)
        body = self._here()
        self._side(value.elements, lambda: self._value(value.item))
        self._emit(Op.NEXT, 0, body)
        self._aim(loop)
        self._deeper(-2)
        self._text("]")

    def _array(self, value: Array) -> None:
        before = "["
        for item in value.items:
            self._text(before)
            before = ","
            self._value(item)
        self._text("]" if value.items else "[]")

    # -- objects --------------------------------------------------------------------------------

    def _object(self, value: Object) -> None:
        value.check()
        fields = _fields(value)
        self._text("{")
        sure = False
        for number, (name, chain) in enumerate(fields):
            optional = chain is not None and isinstance(chain[-1][1], OptionalMember)
            separator = "" if number == 0 else "," if sure else None
            if optional and chain is not None and isinstance(value, TracedObject):
                self._optional(value, name, chain, separator)
            else:
                self._named(name, separator)
                span = (chain[-1][1] if chain else value.table[name][1]).span
                self._field(partial(value.get, name), span)
            sure = sure or not optional
        self._text("}")

    def _field(self, read: Callable[[], Any], span: Span | None) -> None:
        """A field's value; what cannot be written has the field's place, if none of its own."""
        try:
            self._value(read())
        except (TemplateError, RefusedError) as error:
            if span is not None:
                error.at(span)
            raise

    def _named(self, name: str, separator: str | None) -> None:
        """A field's name; where it is not sure that another is before it, the kernel looks."""
        if separator is None:
            self._emit(Op.SEPARATE)
        self._text(f"{separator or ''}{string_text(name)}:")

    def _optional(
        self, value: TracedObject, name: str, chain: Chain, separator: str | None
    ) -> None:
        """A field that some rows do not have."""
        if not chain:
            return
        number, member, _ = chain[0]
        assert isinstance(member, OptionalMember)
        condition = self._tracer.settled(member.condition)

        def there() -> None:
            self._named(name, separator)
            self._field(lambda: value.part(number, member, name), member.span)

        if condition is True:
            there()
        elif condition is False:
            self._optional(value, name, chain[1:], separator)
        else:
            rest = chain[1:]
            elsewhere = (lambda: self._optional(value, name, rest, separator)) if rest else None
            self._branch(condition, there, elsewhere)


def _dictionary(texts: Sequence[bytes]) -> Column:
    """Entries as their JSON texts, with room behind them so that they are copied in blocks."""
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([*map(len, texts)], out=offsets[1:])
    return Column(offsets, np.frombuffer(b"".join(texts) + bytes(_ROOM), dtype=np.uint8))


def _fields(value: Object) -> list[tuple[str, Chain | None]]:
    if isinstance(value, TracedObject):
        return list(value.fields())
    return [(name, None) for name in value.names()]


def _is_of_plain_parts(node: Node) -> bool:
    return node.operation == "concatenate" and all(
        isinstance(part, Literal) or _is_plain(part) for part in node.arguments
    )


def _is_plain(node: Node) -> bool:
    """Whether it is texts that JSON writes as they are."""
    return node.type is Type.TEXT and base_of(node).operation in _PLAIN


_PLAIN: Final = frozenset({"drawn", "whole_text", "number_text", "format_number"})
"""Operations that give texts without quotes, backslashes and controls: functions spell ASCII."""
_SCALARS: Final = {
    Type.WHOLE: (Op.WHOLE, Lay.NUMBERS),
    Type.NUMBER: (Op.DOUBLE, Lay.DOUBLES),
    Type.BOOLEAN: (Op.BOOLEAN, Lay.BOOLEANS),
    Type.TEXT: (Op.TEXT, Lay.TEXT),
}

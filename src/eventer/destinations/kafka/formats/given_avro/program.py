"""Writes the binary program that encodes values by a given Avro schema."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from eventer.destinations.kafka.formats.avro_scalars import varint
from eventer.destinations.kafka.formats.given_avro.encoder import GivenAvroEncoder
from eventer.destinations.kafka.formats.given_avro.schema_types import (
    AvroArray,
    AvroDate,
    AvroDecimal,
    AvroEnum,
    AvroInstant,
    AvroMap,
    AvroPrimitive,
    AvroRecord,
    AvroReference,
    AvroType,
    AvroUnion,
    PrimitiveName,
)
from eventer.kernels.binary.instructions import BinaryOp, BinaryProgram, JsonType
from eventer.kernels.binary.program_builder import Label, ProgramBuilder

_SIGNED: Final = 1
"""The bits by which a length that is not negative is shifted."""
_MAX_DEPTH: Final = 32
"""Of levels, each of which takes two entries of the stack of the kernel."""
_MAX_INSTRUCTIONS: Final = 20_000
_MAX_BRANCHES: Final = 100
"""Of a union. A schema can repeat a large one as often as it names the record that has it."""
_MAX_KERNEL_DIGITS: Final = 18
_MAX_DEFAULT_BYTES: Final = 1_000
_OPS: Final[dict[PrimitiveName, BinaryOp]] = {
    "boolean": BinaryOp.BOOLEAN,
    "int": BinaryOp.INT,
    "long": BinaryOp.INTEGER,
    "float": BinaryOp.FLOAT,
    "double": BinaryOp.DOUBLE,
    "string": BinaryOp.TEXT,
}


def given_avro_program(encoder: GivenAvroEncoder) -> BinaryProgram:
    """The program of a schema. It fails where a value needs the encoder in Python."""
    writer = _GivenAvroProgramWriter(encoder)
    writer.value(encoder.schema.root, b"", 0)
    return writer.out.program()


class _GivenAvroProgramWriter:
    """Writes instructions; the `tag` of a value is the number of its branch of a union, if any."""

    def __init__(self, encoder: GivenAvroEncoder) -> None:
        self.out = ProgramBuilder()
        self._encoder = encoder

    def value(self, kind: AvroType, tag: bytes, depth: int) -> None:
        if depth > _MAX_DEPTH or len(self.out) > _MAX_INSTRUCTIONS:
            self.out.emit(BinaryOp.FAIL)
            return
        match kind:
            case AvroReference():
                self.value(self._encoder.schema.resolved(kind), tag, depth)
            case AvroPrimitive(name=name) if name in _OPS:
                self.out.value(_OPS[name], tag, _SIGNED)
            case AvroPrimitive(name="null"):
                self._null(tag)
            case AvroInstant(unit=unit):
                op = BinaryOp.MILLISECONDS if unit == "millis" else BinaryOp.INSTANT
                self._text_or_number(op, BinaryOp.INTEGER, tag)
            case AvroDate():
                self._text_or_number(BinaryOp.DATE, BinaryOp.INT, tag)
            case AvroDecimal(size=None, scale=scale) if scale <= _MAX_KERNEL_DIGITS:
                self.out.value(BinaryOp.DECIMAL, tag, 1_000 * kind.precision + scale)
            case AvroEnum(symbols=symbols):
                self.out.choice([(text, n << _SIGNED) for n, text in enumerate(symbols)], tag)
            case AvroArray(items=items):
                self._items("[", "]", tag, items, depth + 1)
            case AvroMap(values=values):
                self._items("{", "}", tag, values, depth + 1)
            case AvroRecord():
                self._record(kind, tag, depth + 1)
            case AvroUnion(branches=branches) if len(branches) <= _MAX_BRANCHES:
                self._union(branches, depth)
            case _:
                self.out.emit(BinaryOp.FAIL)

    def _null(self, tag: bytes) -> None:
        end = Label()
        self.out.put(tag)
        self.out.emit(BinaryOp.IF_NULL, to=end)
        self.out.emit(BinaryOp.FAIL)
        self.out.place(end)

    def _text_or_number(self, text: BinaryOp, number: BinaryOp, tag: bytes) -> None:
        other, end = Label(), Label()
        self.out.emit(BinaryOp.UNLESS, JsonType.TEXT, to=other)
        self.out.value(text, tag, _SIGNED)
        self.out.emit(BinaryOp.JUMP, to=end)
        self.out.place(other)
        self.out.value(number, tag, _SIGNED)
        self.out.place(end)

    def _union(self, branches: Sequence[AvroType], depth: int) -> None:
        """Chooses by the type of JSON; where several branches have it, Python chooses."""
        end = Label()
        resolved = [self._encoder.schema.resolved(each) for each in branches]
        for number, each in enumerate(resolved):
            if each == AvroPrimitive("null"):
                self._null_branch(varint(number), end)
        for json_type in JsonType:
            taking = [n for n, each in enumerate(resolved) if _json_types(each) & json_type]
            if len(taking) == 1:
                other = Label()
                self.out.emit(BinaryOp.UNLESS, json_type, to=other)
                self.value(resolved[taking[0]], varint(taking[0]), depth)
                self.out.emit(BinaryOp.JUMP, to=end)
                self.out.place(other)
        self.out.emit(BinaryOp.FAIL)
        self.out.place(end)

    def _null_branch(self, tag: bytes, end: Label) -> None:
        null, other = Label(), Label()
        self.out.emit(BinaryOp.IF_NULL, to=null)
        self.out.emit(BinaryOp.JUMP, to=other)
        self.out.place(null)
        self.out.put(tag)
        self.out.emit(BinaryOp.JUMP, to=end)
        self.out.place(other)

    def _items(self, opening: str, closing: str, tag: bytes, item: AvroType, depth: int) -> None:
        body, end = Label(), Label()
        self.out.put(tag)
        self.out.items(opening, closing, end)
        self.out.place(body)
        if opening == "{":
            self.out.value(BinaryOp.TEXT, shift=_SIGNED)
            self.out.expect(":")
        self.value(item, b"", depth)
        self.out.next(closing, body)
        self.out.place(end)

    def _record(self, record: AvroRecord, tag: bytes, depth: int) -> None:
        """Reads fields one after the other if the schema has them in the order of events."""
        names = [each.name for each in record.fields]
        ordered = all(a < b for a, b in itertools.pairwise(names))
        self.out.put(tag)
        if ordered:
            self.out.expect("{")
        else:
            self.out.emit(BinaryOp.ENTER)
        for field in record.fields:
            if len(self.out) > _MAX_INSTRUCTIONS:
                self.out.emit(BinaryOp.FAIL)
                break
            absent, end = Label(), Label()
            read = self.out.field if ordered else self.out.seek
            read(field.name, absent)
            self.value(field.type, b"", depth)
            self.out.emit(BinaryOp.JUMP, to=end)
            self.out.place(absent)
            self._absent(self._encoder.if_absent(field))
            self.out.place(end)
        if ordered:
            self.out.expect("}")
        else:
            self.out.emit(BinaryOp.LEAVE)

    def _absent(self, default: bytes | None) -> None:
        if default is None or len(default) > _MAX_DEFAULT_BYTES:
            self.out.emit(BinaryOp.FAIL)
        else:
            self.out.put(default)


def _json_types(kind: AvroType) -> int:
    """The types of JSON whose values a type may take, as a mask."""
    match kind:
        case AvroPrimitive(name="null"):
            return 0
        case AvroPrimitive(name="boolean"):
            return JsonType.BOOLEAN
        case AvroPrimitive(name="int" | "long" | "float" | "double"):
            return JsonType.NUMBER
        case AvroInstant() | AvroDate() | AvroDecimal():
            return JsonType.NUMBER | JsonType.TEXT
        case AvroArray():
            return JsonType.ARRAY
        case AvroMap() | AvroRecord():
            return JsonType.OBJECT
        case _:
            return JsonType.TEXT

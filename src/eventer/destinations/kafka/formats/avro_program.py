"""Writes the binary program that encodes values of a schema in Avro."""

from __future__ import annotations

from typing import Final

from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
)
from eventer.destinations.kafka.formats.avro_scalars import varint
from eventer.destinations.kafka.formats.avro_schema import is_enum
from eventer.destinations.kafka.formats.union_types import json_type
from eventer.kernels.binary.instructions import BinaryOp, BinaryProgram
from eventer.kernels.binary.program_builder import Label, ProgramBuilder

SCALAR_OPS: Final = {
    ScalarKind.BOOLEAN: BinaryOp.BOOLEAN,
    ScalarKind.INTEGER: BinaryOp.INTEGER,
    ScalarKind.NUMBER: BinaryOp.DOUBLE,
    ScalarKind.TEXT: BinaryOp.TEXT,
    ScalarKind.UUID: BinaryOp.TEXT,
    ScalarKind.TIMESTAMP: BinaryOp.INSTANT,
    ScalarKind.JSON: BinaryOp.JSON,
}

SIGNED: Final = 1
"""The bits by which a length or a number that is not negative is shifted."""


def avro_program(schema: ValueSchema) -> BinaryProgram:
    """The program of a schema."""
    writer = _AvroProgramWriter()
    writer.value(schema, b"")
    return writer.out.program()


class _AvroProgramWriter:
    """Writes instructions; the `tag` of a value is the number of its branch of a union, if any."""

    def __init__(self) -> None:
        self.out = ProgramBuilder()

    def value(self, schema: ValueSchema, tag: bytes) -> None:
        match schema:
            case Scalar(kind=kind):
                self.out.value(SCALAR_OPS[kind], tag, SIGNED)
            case Choice(texts=texts) if is_enum(schema):
                self.out.choice([(text, n << SIGNED) for n, text in enumerate(texts)], tag)
            case Choice():
                self.out.value(BinaryOp.TEXT, tag, SIGNED)
            case Optional():
                null, end = Label(), Label()
                self._optional(schema, null)
                self.out.emit(BinaryOp.JUMP, to=end)
                self.out.place(null)
                self.out.put(varint(0))
                self.out.place(end)
            case Union():
                self._union(schema, 0)
            case ListOf(element=element):
                self._items("[", "]", tag, element)
            case MapOf(value=value):
                self._items("{", "}", tag, value)
            case Record():
                self._record(schema, tag)

    def _optional(self, schema: Optional, null: Label) -> None:
        """Writes a value that is not null; jumps to `null` if it is."""
        self.out.emit(BinaryOp.IF_NULL, to=null)
        if isinstance(schema.value, Union):
            self._union(schema.value, 1)
        else:
            self.value(schema.value, varint(1))

    def _union(self, union: Union, first: int) -> None:
        end = Label()
        for number, each in enumerate(union.alternatives, first):
            other = Label()
            self.out.emit(BinaryOp.UNLESS, json_type(each), to=other)
            self.value(each, varint(number))
            self.out.emit(BinaryOp.JUMP, to=end)
            self.out.place(other)
        self.out.emit(BinaryOp.FAIL)
        self.out.place(end)

    def _items(self, opening: str, closing: str, tag: bytes, item: ValueSchema) -> None:
        body, end = Label(), Label()
        self.out.put(tag)
        self.out.items(opening, closing, end)
        self.out.place(body)
        if opening == "{":
            self.out.value(BinaryOp.TEXT, shift=SIGNED)
            self.out.expect(":")
        self.value(item, b"")
        self.out.next(closing, body)
        self.out.place(end)

    def _record(self, record: Record, tag: bytes) -> None:
        self.out.put(tag)
        self.out.expect("{")
        for field in record.fields:
            absent, end = Label(), Label()
            self.out.field(field.name, absent)
            if isinstance(field.schema, Optional):
                self._optional(field.schema, absent)
            else:
                self.value(field.schema, b"")
            self.out.emit(BinaryOp.JUMP, to=end)
            self.out.place(absent)
            if isinstance(field.schema, Optional):
                self.out.put(varint(0))
            else:
                self.out.emit(BinaryOp.FAIL)
            self.out.place(end)
        self.out.expect("}")

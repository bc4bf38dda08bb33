"""Writes the binary program that encodes values as messages of Protocol Buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from eventer.core.value_schema import Scalar, ScalarKind
from eventer.destinations.kafka.formats.protobuf_layout import (
    EnumType,
    FieldType,
    Message,
    MessageField,
    MessageKind,
    Repetition,
    WireType,
    is_packed,
    tag,
    tag_bytes,
    wire_type,
)
from eventer.destinations.kafka.formats.union_types import json_type
from eventer.kernels.binary.instructions import BinaryOp, BinaryProgram
from eventer.kernels.binary.program_builder import Label, ProgramBuilder

_SCALAR_OPS: Final[Mapping[ScalarKind, BinaryOp]] = {
    ScalarKind.BOOLEAN: BinaryOp.BOOLEAN,
    ScalarKind.INTEGER: BinaryOp.VARINT,
    ScalarKind.NUMBER: BinaryOp.DOUBLE,
    ScalarKind.TEXT: BinaryOp.TEXT,
    ScalarKind.UUID: BinaryOp.TEXT,
    ScalarKind.TIMESTAMP: BinaryOp.TIMESTAMP,
    ScalarKind.JSON: BinaryOp.JSON,
}
_ZERO_BYTES: Final = {WireType.VARINT: 1, WireType.EIGHT_BYTES: 8}
"""The bytes of zero by wire type."""


def protobuf_program(message: Message) -> BinaryProgram:
    """The program of a message."""
    writer = _ProtobufProgramWriter()
    writer.message(message)
    return writer.out.program()


class _ProtobufProgramWriter:
    """Writes instructions; the fields of a message are in the order of the text."""

    def __init__(self) -> None:
        self.out = ProgramBuilder()

    def message(self, message: Message) -> None:
        match message.kind:
            case MessageKind.RECORD:
                self._record(message)
            case MessageKind.UNION:
                self._union(message)
            case MessageKind.WRAPPER:
                self._field(message.fields[0])

    def _record(self, message: Message) -> None:
        self.out.expect("{")
        for field in message.fields:
            absent, end = Label(), Label()
            self.out.field(field.name, end if field.nullable else absent)
            self._field(field)
            if not field.nullable:
                self.out.emit(BinaryOp.JUMP, to=end)
                self.out.place(absent)
                self.out.emit(BinaryOp.FAIL)
            self.out.place(end)
        self.out.expect("}")

    def _union(self, message: Message) -> None:
        end = Label()
        for field in message.fields:
            other = Label()
            self.out.emit(BinaryOp.UNLESS, json_type(field.schema), to=other)
            self._value(field.type, tag(field))
            self.out.emit(BinaryOp.JUMP, to=end)
            self.out.place(other)
        self.out.emit(BinaryOp.FAIL)
        self.out.place(end)

    def _field(self, field: MessageField) -> None:
        end = Label()
        if field.nullable:
            self.out.emit(BinaryOp.IF_NULL, to=end)
        match field.repetition:
            case Repetition.SINGLE if field.nullable:
                self._value(field.type, tag(field))
            case Repetition.SINGLE:
                self._value_unless_default(field.type, tag(field))
            case Repetition.REPEATED:
                self._items(field, end)
            case Repetition.MAP:
                self._entries(field, end)
        self.out.place(end)

    def _items(self, field: MessageField, end: Label) -> None:
        body, packed = Label(), is_packed(field)
        self.out.open("[", "]", end)
        if packed:
            self.out.value(BinaryOp.BEGIN, tag(field))
        self.out.place(body)
        self._value(field.type, b"" if packed else tag(field))
        self.out.more("]", body)
        if packed:
            self.out.emit(BinaryOp.LENGTH)

    def _entries(self, field: MessageField, end: Label) -> None:
        body = Label()
        self.out.open("{", "}", end)
        self.out.place(body)
        self.out.value(BinaryOp.BEGIN, tag(field))
        self.out.value(BinaryOp.TEXT, tag_bytes(1, WireType.LENGTH))
        self.out.expect(":")
        self._value(field.type, tag_bytes(2, wire_type(field.type)))
        self.out.emit(BinaryOp.LENGTH)
        self.out.more("}", body)

    def _value(self, kind: FieldType, before: bytes) -> None:
        match kind:
            case Scalar():
                self.out.value(_SCALAR_OPS[kind.kind], before)
            case EnumType(entries=entries):
                self.out.choice([(each.text, each.number) for each in entries], before)
            case Message():
                self.out.value(BinaryOp.BEGIN, before)
                self.message(kind)
                self.out.emit(BinaryOp.LENGTH)

    def _value_unless_default(self, kind: FieldType, before: bytes) -> None:
        end = Label()
        if isinstance(kind, Scalar) and _SCALAR_OPS[kind.kind] == BinaryOp.TEXT:
            self.out.emit(BinaryOp.IF_EMPTY, to=end)
        self._value(kind, before)
        zeros = _ZERO_BYTES.get(wire_type(kind))
        if zeros is not None:
            self.out.emit(BinaryOp.OMIT_ZERO, len(before) + zeros, zeros)
        self.out.place(end)

"""Encodes columns of JSON texts in the format of a schema that a registry has."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from eventer.core.json_text import json_text
from eventer.core.model import JsonValue, RecordFormat
from eventer.core.value_schema import ValueSchema
from eventer.kernels.binary.instructions import BinaryOp, BinaryProgram
from eventer.kernels.binary.program_builder import ProgramBuilder
from eventer.kernels.binary.transcode import transcode
from eventer.kernels.kafka.record_batches import BytesColumn, bytes_column

_MAGIC: Final = b"\0"
_FIRST_MESSAGE: Final = b"\0"
"""The indexes of the first message of a file, in the short form of Confluent's clients."""
_MIN_ROWS_COMPILED: Final = 64
_MIN_ROWS_TO_IMPORT_NUMBA: Final = 400
_LOOPS: Final = "eventer.kernels.binary.transcode_loops"


@dataclass(frozen=True, slots=True)
class FormattedSchema:
    """A schema in a format: its text for a registry, and how values are encoded by it.

    `header` is what precedes each value after the id of the schema.
    """

    format: RecordFormat
    text: str
    encode: Callable[[JsonValue], bytes]
    program: BinaryProgram
    header: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class ValueEncoder:
    """Encodes values in Confluent's wire format: a zero, the id of the schema, the encoding."""

    schema: FormattedSchema
    id: int

    @property
    def prefix(self) -> bytes:
        """What precedes each encoding."""
        return _MAGIC + self.id.to_bytes(4, "big") + self.schema.header

    def encode(self, texts: BytesColumn, unfit: Callable[[int, ValueError], None]) -> BytesColumn:
        """The encodings of canonical JSON texts; null rows stay null.

        `unfit` gets the rows whose values do not fit the schema, and the reason; they get no bytes.
        """
        encode_row = partial(self._encode_row, texts, unfit)
        limit = _MIN_ROWS_COMPILED if _LOOPS in sys.modules else _MIN_ROWS_TO_IMPORT_NUMBA
        if len(texts) >= limit:
            return transcode(self.schema.program, texts, self.prefix, encode_row)
        valid = texts.validity()
        encoded = [
            self.prefix + encode_row(row) if valid[row] else b"" for row in range(len(texts))
        ]
        column = bytes_column(encoded)
        return BytesColumn(column.offsets, column.data, texts.valid)

    def _encode_row(
        self, texts: BytesColumn, unfit: Callable[[int, ValueError], None], row: int
    ) -> bytes:
        start, stop = texts.offsets[row : row + 2].tolist()
        value: Any = json.loads(np.asarray(texts.data[start:stop]).tobytes())
        try:
            return self.schema.encode(value)
        except ValueError as error:
            unfit(row, error)
            return b""


def formatted_schema(schema: ValueSchema, form: RecordFormat, name: str) -> FormattedSchema:
    """A schema in a format other than JSON; `name` is that of its outermost record."""
    return _FORMATS[form](schema, name)


def _avro(schema: ValueSchema, name: str) -> FormattedSchema:
    from eventer.destinations.kafka.formats.avro_program import avro_program
    from eventer.destinations.kafka.formats.avro_schema import avro_schema
    from eventer.destinations.kafka.formats.avro_values import encode_avro

    encode = partial(encode_avro, schema)
    return FormattedSchema("avro", _dump(avro_schema(schema, name)), encode, avro_program(schema))


def _protobuf(schema: ValueSchema, name: str) -> FormattedSchema:
    from eventer.destinations.kafka.formats.protobuf_layout import message_layout
    from eventer.destinations.kafka.formats.protobuf_program import protobuf_program
    from eventer.destinations.kafka.formats.protobuf_schema import protobuf_schema
    from eventer.destinations.kafka.formats.protobuf_values import encode_message

    message = message_layout(schema, name)
    encode, program = partial(encode_message, message), protobuf_program(message)
    return FormattedSchema("protobuf", protobuf_schema(message), encode, program, _FIRST_MESSAGE)


def _json_schema(schema: ValueSchema, name: str) -> FormattedSchema:
    from eventer.destinations.kafka.formats.json_schema import json_schema

    program = ProgramBuilder()
    program.emit(BinaryOp.COPY)
    text = _dump(json_schema(schema, name))
    return FormattedSchema(
        "json-schema", text, lambda value: json_text(value).encode(), program.program()
    )


def _dump(schema: Any) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


_FORMATS: Final[Mapping[RecordFormat, Callable[[ValueSchema, str], FormattedSchema]]] = {
    "avro": _avro,
    "protobuf": _protobuf,
    "json-schema": _json_schema,
}

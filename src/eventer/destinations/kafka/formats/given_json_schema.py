"""JSON Schemas that a user gives: events are checked, and written as they are."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final, NoReturn

from eventer.core.distribution import install_command
from eventer.core.errors import DestinationRejectedError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.pointer import format_pointer
from eventer.destinations.kafka.formats.schema_text_error import SchemaTextError
from eventer.destinations.kafka.formats.unfit_value import shown_value
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema
from eventer.kernels.binary.instructions import BinaryOp
from eventer.kernels.binary.program_builder import ProgramBuilder

_NO_CHARACTER: Final = 0
"""A character that no JSON text begins with: the program leaves each row to the validator."""


def given_json_schema(text: str) -> FormattedSchema:
    """The schema of this text.

    Raises:
        SchemaTextError: the text is not a JSON Schema, or refers to another document.
        DestinationRejectedError: the package that checks values is not installed.
    """
    validator = _validator(text)

    def encode(value: JsonValue) -> bytes:
        for error in validator.iter_errors(value):
            raise UnfitForSchemaError(error.instance_path, error.schema_path, error.instance)
        return json_text(value).encode()

    program = ProgramBuilder()
    program.emit(BinaryOp.EXPECT, _NO_CHARACTER)
    return FormattedSchema("json-schema", text, encode, program.program())


class UnfitForSchemaError(ValueError):
    """A value that a JSON Schema does not allow, and the keyword that forbids it."""

    def __init__(self, tokens: list[str | int], keyword: list[str | int], value: JsonValue) -> None:
        where = f"the value at {format_pointer(tokens)}" if tokens else "the value"
        super().__init__(
            f"{where} does not fit {format_pointer(keyword)} of the given schema: "
            f"{shown_value(value)}"
        )


@lru_cache(8)
def _validator(text: str) -> Any:
    try:
        import jsonschema_rs
    except ImportError as error:
        raise DestinationRejectedError(
            "given JSON Schemas need a package that is not installed",
            hint=install_command("json-schema"),
        ) from error
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SchemaTextError((), f"it is not valid JSON: {error}") from error
    try:
        return jsonschema_rs.validator_for(
            schema,
            retriever=_refuse,
            pattern_options=jsonschema_rs.RegexOptions(),  # these take linear time
        )
    except jsonschema_rs.ValidationError as error:
        refers = isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing)
        reason = "it refers to another document" if refers else error.message
        raise SchemaTextError(error.instance_path, reason) from error
    except ValueError as error:
        raise SchemaTextError((), "it is not a JSON Schema") from error


def _refuse(_url: str) -> NoReturn:
    """Eventer does not fetch documents that a schema names."""
    raise ValueError

"""Schemas that a user gives, in place of those that are derived from the template."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import RecordFormat
from eventer.core.value_schema import ValueSchema
from eventer.destinations.kafka.formats.given_avro.encoder import GivenAvroEncoder
from eventer.destinations.kafka.formats.given_avro.fit import find_misfit
from eventer.destinations.kafka.formats.given_avro.parser import parse_avro_schema
from eventer.destinations.kafka.formats.given_avro.program import given_avro_program
from eventer.destinations.kafka.formats.given_json_schema import given_json_schema
from eventer.destinations.kafka.formats.schema_text_error import SchemaTextError
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema

GIVEN_FORMATS: Final[tuple[RecordFormat, ...]] = ("avro", "json-schema")
"""The formats of schemas that a user can give."""


def schema_text_error(
    text: str, record_format: RecordFormat = "avro"
) -> DestinationRejectedError | None:
    """What is wrong with the text of a schema, if anything is."""
    try:
        if record_format == "avro":
            _encoder(text)
        else:
            given_json_schema(text)
    except SchemaTextError as error:
        return _not_a_schema(error)
    except DestinationRejectedError as error:
        return error
    return None


def given_schema(
    record_format: RecordFormat,
    text: str,
    derived: ValueSchema,
    referenced: tuple[str, ...] = (),
) -> FormattedSchema:
    """The schema of this text, for values of a template with a derived schema.

    `referenced` are the texts of the schemas that define other types of an Avro schema.

    Raises:
        DestinationRejectedError: the text is not a schema, or the values cannot fit it.
    """
    if record_format == "avro":
        return given_avro_schema(text, derived, referenced)
    try:
        return given_json_schema(text)
    except SchemaTextError as error:
        raise _not_a_schema(error) from error


def _not_a_schema(error: SchemaTextError) -> DestinationRejectedError:
    return DestinationRejectedError(str(error), hint="correct the schema")


def given_avro_schema(
    text: str, derived: ValueSchema, referenced: tuple[str, ...] = ()
) -> FormattedSchema:
    """The Avro schema of this text, for values of a template with a derived schema.

    `referenced` are the texts of the schemas that define other types of it.

    Raises:
        DestinationRejectedError: the text is not an Avro schema, or the values cannot fit it.
    """
    try:
        encoder = _encoder(text, referenced)
    except SchemaTextError as error:
        raise _not_a_schema(error) from error
    if misfit := find_misfit(encoder, derived):
        raise DestinationRejectedError(
            str(misfit),
            hint="change the template or the schema; `omit` leaves out fields of the event",
        )
    return FormattedSchema("avro", text, encoder, given_avro_program(encoder))


@lru_cache(8)
def _encoder(text: str, referenced: tuple[str, ...] = ()) -> GivenAvroEncoder:
    return GivenAvroEncoder(parse_avro_schema(text, referenced))

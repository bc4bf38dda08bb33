"""Schemas that a user gives, in place of those that are derived from the template."""

from __future__ import annotations

from functools import lru_cache

from eventer.core.errors import DestinationRejectedError
from eventer.core.value_schema import ValueSchema
from eventer.destinations.kafka.formats.given_avro.encoder import GivenAvroEncoder
from eventer.destinations.kafka.formats.given_avro.fit import find_misfit
from eventer.destinations.kafka.formats.given_avro.parser import parse_avro_schema
from eventer.destinations.kafka.formats.given_avro.program import given_avro_program
from eventer.destinations.kafka.formats.given_avro.schema_text_error import SchemaTextError
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema


def schema_text_error(text: str) -> str | None:
    """What is wrong with the text of an Avro schema, if anything is."""
    try:
        _encoder(text)
    except SchemaTextError as error:
        return str(error)
    return None


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
        raise DestinationRejectedError(str(error), hint="correct the schema") from error
    if misfit := find_misfit(encoder, derived):
        raise DestinationRejectedError(
            str(misfit),
            hint="change the template or the schema; `omit` leaves out fields of the event",
        )
    return FormattedSchema("avro", text, encoder, given_avro_program(encoder))


@lru_cache(8)
def _encoder(text: str, referenced: tuple[str, ...] = ()) -> GivenAvroEncoder:
    return GivenAvroEncoder(parse_avro_schema(text, referenced))

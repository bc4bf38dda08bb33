"""The options of a table in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from eventer.core.model import PostgresTarget
from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    NonEmptyText,
    OmittedFields,
    ValueField,
)
from eventer.destinations.target_options import TargetOptions


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


_COLUMN_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 1_000}
UpsertKey = Annotated[
    list[NonEmptyText],
    Field(min_length=1, max_length=32),
    BeforeValidator(_one_or_more),
    WithJsonSchema(
        {
            "anyOf": [
                _COLUMN_SCHEMA,
                {"type": "array", "items": _COLUMN_SCHEMA, "minItems": 1, "maxItems": 32},
            ],
            "examples": ["id"],
        }
    ),
]


class PostgresOptions(TargetOptions):
    """A table. With `key`, rows are upserted by those columns."""

    table: NonEmptyText = Field(
        description='`table`, `schema.table`, or `"a.b"` for a name with a dot.',
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="postgres", description="A connection's name.")
    key: UpsertKey | None = Field(default=None, description="Column or columns of the upsert key.")
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)
    op: NonEmptyText | None = Field(
        default=None,
        description="Source of the operation: `upsert`, the default, or `delete`, which deletes "
        "the row of the key.",
    )

    def target(self) -> PostgresTarget:
        """The target as the service takes it."""
        key = None if self.key is None else tuple(self.key)
        return PostgresTarget(
            self.table, self.connection, key, self.value, tuple(self.omit), self.op
        )

"""The options of a table in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    NonEmptyText,
    OmittedFields,
    ValueField,
)
from eventer.destinations.mysql.target import MysqlTarget
from eventer.destinations.target_options import TargetOptions


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


_MAX_KEY_COLUMNS = 16
_COLUMN_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 1_000}
UpsertKey = Annotated[
    list[NonEmptyText],
    Field(min_length=1, max_length=_MAX_KEY_COLUMNS),
    BeforeValidator(_one_or_more),
    WithJsonSchema(
        {
            "anyOf": [
                _COLUMN_SCHEMA,
                {
                    "type": "array",
                    "items": _COLUMN_SCHEMA,
                    "minItems": 1,
                    "maxItems": _MAX_KEY_COLUMNS,
                },
            ],
            "examples": ["id"],
        }
    ),
]


class MysqlOptions(TargetOptions):
    """A table. With `key`, rows are upserted by those columns."""

    table: NonEmptyText = Field(
        description="`table`, `database.table`, or a name with a dot between backticks.",
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="mysql", description="A connection's name.")
    key: UpsertKey | None = Field(default=None, description="Column or columns of the upsert key.")
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)
    op: NonEmptyText | None = Field(
        default=None,
        description="Source of the operation: `upsert`, the default, or `delete`, which deletes "
        "the row of the key.",
    )

    def target(self) -> MysqlTarget:
        """The target as the service takes it."""
        key = None if self.key is None else tuple(self.key)
        return MysqlTarget(self.table, self.connection, key, self.value, tuple(self.omit), self.op)

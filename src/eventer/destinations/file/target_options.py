"""The options of a folder in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from eventer.core.model import FileFormat, FileTarget
from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    NonEmptyText,
    OmittedFields,
    ValueField,
)
from eventer.destinations.target_options import TargetOptions


class FileOptions(TargetOptions):
    """A folder below the root of the connection."""

    path: NonEmptyText = Field(
        description="Folder below the root of the connection, such as `orders` or `shop/orders`. "
        "Eventer creates it if it does not exist.",
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="file", description="A connection's name.")
    format: FileFormat = Field(
        default="ndjson",
        description="Format of the files. CSV and Parquet have a column per field.",
    )
    partition_by: Annotated[list[NonEmptyText], Field(max_length=8)] = Field(
        default_factory=list,
        description="Partition folders, outermost first: a field or JSON pointer, `NAME={FIELD}`, "
        "or `NAME={date}` and `NAME={hour}` of the scheduled time in UTC.",
        examples=[["dt={date}"]],
    )
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)

    def target(self) -> FileTarget:
        """The target as the service takes it."""
        return FileTarget(
            self.path,
            self.connection,
            self.format,
            tuple(self.partition_by),
            self.value,
            tuple(self.omit),
        )

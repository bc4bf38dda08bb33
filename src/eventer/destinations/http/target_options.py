"""The options of an endpoint in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    OmittedFields,
    ValueField,
)
from eventer.destinations.http.target import BodyFormat, HttpTarget
from eventer.destinations.target_options import TargetOptions


class HttpOptions(TargetOptions):
    """An endpoint below the URL of the connection."""

    path: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="",
        description="Path below the URL of the connection, such as `orders` or `shop/orders`; if "
        "omitted, the URL itself.",
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="http", description="A connection's name.")
    format: BodyFormat = Field(
        default="ndjson",
        description="Format of bodies: `ndjson` has an event per line, `json` is an array.",
    )
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)

    def target(self) -> HttpTarget:
        """The target as the service takes it."""
        return HttpTarget(self.path, self.connection, self.format, self.value, tuple(self.omit))

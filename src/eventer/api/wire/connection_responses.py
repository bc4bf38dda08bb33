"""The answer of a test of a connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eventer.api.wire.response_model import ResponseModel


class TargetSizeOut(ResponseModel):
    """A topic, a table or a folder."""

    rows: int | None = Field(
        description="Records of a topic; rows of a table, as the server estimates them."
    )
    bytes: int | None = Field(description="The size of a table, or of the files in a folder.")
    partitions: int | None = Field(description="The partitions of a topic.")


class ConnectionReportOut(ResponseModel):
    """A connection that works."""

    server: str = Field(examples=["PostgreSQL 16.4"])
    guarantee: Literal["exactly-once", "at-least-once"] = Field(
        description="What delivery the server allows."
    )
    degraded: str | None = Field(
        description="Why delivery is at least once although the settings prefer exactly once."
    )
    sizes: dict[str, TargetSizeOut] = Field(
        description="Sizes of the given targets that exist, by target."
    )

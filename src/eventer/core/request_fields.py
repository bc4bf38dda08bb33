"""Models and types of requests that several layers share."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NonEmptyText: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
ConnectionName: TypeAlias = Annotated[str, Field(min_length=1, max_length=100)]
ValueField: TypeAlias = Annotated[
    NonEmptyText | None,
    Field(description="Source of what is written; if omitted, the whole event."),
]
OmittedFields: TypeAlias = Annotated[list[NonEmptyText], Field(max_length=100)]
OMIT_DESCRIPTION: Final = "Fields or JSON pointers of what is written that are left out."


class RequestModel(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

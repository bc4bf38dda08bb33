"""The settings of connections: what all kinds share."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError


def _refuse_boolean(error: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses `true` and `false`, which pydantic reads as 1 and 0."""

    def check(value: object) -> object:
        if isinstance(value, bool):
            raise PydanticKnownError(error)
        return value

    return BeforeValidator(check)


Integer: TypeAlias = Annotated[int, _refuse_boolean("int_type")]
Number: TypeAlias = Annotated[float, _refuse_boolean("float_type")]
Seconds: TypeAlias = Annotated[Number, Field(ge=0.001, le=86_400)]


class Section(BaseModel):
    """A table of settings. Unknown names are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class ConnectionSettings(Section):
    """The settings of a connection. Every field has a default and a description.

    Fields of the type `SecretStr` are never shown, and can be read from files.
    """

"""The base of all answers: one declaration gives the JSON and its part of the OpenAPI document."""

from __future__ import annotations

import json
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from eventer.core.duration import format_duration
from eventer.core.instant import format_instant

Json: TypeAlias = dict[str, Any]


def attribute(*path: str) -> AliasPath:
    """Where a field's value is in the service's answer, if not at the field's own name."""
    return AliasPath(path[0], *path[1:])


def within(name: str) -> AliasGenerator:
    """Finds the values of a model's fields also in the attribute `name` of the service's answer."""
    return AliasGenerator(
        validation_alias=lambda field: AliasChoices(field, AliasPath(name, field))
    )


def _instant_text(value: object) -> object:
    return format_instant(value) if isinstance(value, int) else value


def _duration_text(value: object) -> object:
    return format_duration(value) if isinstance(value, int) else value


InstantText: TypeAlias = Annotated[
    str, BeforeValidator(_instant_text), Field(examples=["2026-01-01T00:00:00.000000Z"])
]
DurationText: TypeAlias = Annotated[str, BeforeValidator(_duration_text), Field(examples=["10s"])]


class ResponseModel(BaseModel):
    """A JSON object with exactly these fields. Aliases say where the service has their values."""

    model_config = ConfigDict(
        extra="forbid", from_attributes=True, validate_by_alias=True, validate_by_name=True
    )

    @classmethod
    def json_of(cls, value: object) -> Json:
        """A value of the service as a JSON value."""
        return cls.model_validate(value).model_dump(mode="json", exclude_unset=True)

    @classmethod
    def text_of(cls, value: object) -> bytes:
        """A value of the service as JSON text."""
        return cls.model_validate(value).model_dump_json(exclude_unset=True).encode()


class _HasEvents(Protocol):
    @property
    def events(self) -> tuple[bytes, ...]: ...


class EventsModel(ResponseModel):
    """An answer with generated events in its field `events`."""

    @classmethod
    def body_of(cls, value: _HasEvents) -> bytes:
        """A value of the service as JSON text; the events are byte for byte as generated."""
        fields = cls.json_of(value) | {"events": []}
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        return text.replace(b'"events":[]', b'"events":[%b]' % b",".join(value.events), 1)

"""Targets as JSON, in requests and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic import ConfigDict, JsonValue, create_model, model_validator

from eventer.api.wire.field_types import fail_validation
from eventer.core.model import ServiceTarget
from eventer.core.request_fields import RequestModel
from eventer.service.destination_kinds import target_models

_MODELS: Final = target_models()


def _options_of(kind: str) -> dict[str, JsonValue]:
    others: dict[str, JsonValue] = {other: {"type": "null"} for other in _MODELS if other != kind}
    return {
        "required": [kind],
        "properties": {"type": {"const": kind}, kind: {"type": "object"}, **others},
    }


class TargetFields(RequestModel):
    """A target: `type`, and the options of that type."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_options_of(kind) for kind in _MODELS]})

    type: str

    @model_validator(mode="after")
    def _one_kind(self) -> TargetFields:
        given = [kind for kind in _MODELS if getattr(self, kind) is not None]
        if self.type not in given:
            fail_validation(f"has the type {self.type!r}, but no {self.type!r} options")
        for other in given:
            if other != self.type:
                fail_validation(f"has the type {self.type!r}, but {other!r} options")
        return self

    def target(self) -> ServiceTarget:
        """The target as the service takes it."""
        target: ServiceTarget = getattr(self, self.type).target()
        return target


def _with_options() -> type[TargetFields]:
    """A model with the options of each kind of destination."""
    fields: dict[str, Any] = {kind: (model | None, None) for kind, model in _MODELS.items()}
    kinds: Any = Literal[tuple(_MODELS)]
    return create_model(
        "TargetBody",
        __base__=TargetFields,
        __doc__=TargetFields.__doc__,
        type=(kinds, ...),
        **fields,
    )


if TYPE_CHECKING:
    TargetBody: TypeAlias = TargetFields
else:
    TargetBody = _with_options()

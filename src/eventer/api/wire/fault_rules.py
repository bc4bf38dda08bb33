"""Faults on purpose as JSON: the rules of an event, and the answer key."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError, model_validator

from eventer.api.wire.field_types import fail_validation
from eventer.api.wire.response_model import ResponseModel
from eventer.api.wire.targets import NonEmptyText, RequestModel
from eventer.core.errors import RequestError
from eventer.core.fault_rules import FaultKind, FaultLabel, FaultRule
from eventer.core.pointer import parse_pointer
from eventer.service.views import HealthyEvent, RecomputedFaults

MAX_RULES: Final = 100
_TIMELINES: Final = ("late", "duplicate")


def _field(value: str) -> str:
    try:
        parse_pointer(value)
    except RequestError as error:
        fail_validation(error.message)
    return value


class FaultBody(RequestModel):
    """A fault that events get with a probability, each by its own draw."""

    kind: FaultKind = Field(
        description="`drop` emits nothing; `null` and `missing` clear and remove fields; `corrupt` "
        "gives fields a wrong type, a truncated text or an impossible date; `malformed` writes "
        "text that is not JSON."
    )
    probability: Annotated[float, Field(strict=True, ge=0, le=1)] = Field(
        description="Of each event, from 0 to 1.", examples=[0.02]
    )
    fields: list[Annotated[NonEmptyText, AfterValidator(_field)]] = Field(
        default_factory=list,
        max_length=100,
        description="Fields of the event or JSON pointers, for `null`, `missing` and `corrupt`.",
        examples=[["email", "/address/city"]],
    )
    label: FaultLabel | None = Field(
        default=None,
        description="With `header`, a record with the fault has the header `eventer-fault`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _available(cls, value: object) -> object:
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind in _TIMELINES:
            available = ", ".join(f"`{each}`" for each in FaultKind)
            message, hint = f"`{kind}` is not available yet", f"available: {available}"
            fail_validation(message, hint, field="kind")
        return value

    @model_validator(mode="after")
    def _fields_fit(self) -> FaultBody:
        if self.kind.has_fields and not self.fields:
            fail_validation(
                "is missing", f"`{self.kind}` needs the fields to change", field="fields"
            )
        if self.fields and not self.kind.has_fields:
            fail_validation(f"cannot be combined with `{self.kind}`", field="fields")
        if self.label is not None and self.kind is FaultKind.DROP:
            fail_validation("cannot be combined with `drop`: there is no record", field="label")
        return self

    def rule(self) -> FaultRule:
        """The rule as the service takes it."""
        return FaultRule(self.kind, self.probability, tuple(self.fields), self.label)


FaultRules = Annotated[
    list[FaultBody],
    Field(max_length=MAX_RULES, description="Faults that events get on purpose, in this order."),
]


class FaultsBody(RequestModel):
    """The rules of an event alone."""

    faults: FaultRules


def fault_rules(value: object) -> tuple[FaultRule, ...]:
    """The rules of a JSON list.

    Raises:
        RequestError: they are not valid.
    """
    from eventer.api.problems import validation_error

    try:
        body = FaultsBody.model_validate({"faults": value})
    except ValidationError as error:
        raise validation_error(error, FaultsBody) from error
    return tuple(each.rule() for each in body.faults)


class InjectedFaultOut(ResponseModel):
    """A fault of an event."""

    kind: FaultKind
    field: str | None = Field(description="A JSON pointer of the event; `null` for all of it.")
    change: str | None = Field(
        description="How a field was corrupted, or a text malformed: `wrong_type`, `truncated`, "
        "`impossible_date` or `extra_brace`."
    )


class FaultyEventOut(ResponseModel):
    """An event with faults. `event` is what would be written without them."""

    index: int
    faults: list[InjectedFaultOut]
    event: Any


class FaultsOut(ResponseModel):
    """The events with faults of a range that begins at index `first`."""

    first: int
    events: list[FaultyEventOut]

    @classmethod
    def body_of(cls, value: RecomputedFaults) -> bytes:
        """The answer as JSON text; the events are byte for byte as generated."""
        events = b",".join(
            b'{"index":%d,"faults":%b,"event":%b}' % (each.index, _faults_text(each), each.text)
            for each in value.events
        )
        return b'{"first":%d,"events":[%b]}' % (value.first, events)


def _faults_text(event: HealthyEvent) -> bytes:
    faults = [InjectedFaultOut.json_of(fault) for fault in event.faults]
    return json.dumps(faults, ensure_ascii=False, separators=(",", ":")).encode()

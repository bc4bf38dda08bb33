"""Faults on purpose as JSON: the rules of an event, and the answer key."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError, model_validator

from eventer.api.wire.field_types import Delay, fail_validation
from eventer.api.wire.response_model import DurationText, InstantText, ResponseModel
from eventer.core.duration import format_duration
from eventer.core.errors import RequestError
from eventer.core.fault_rules import FaultKind, FaultLabel, FaultRule, longest_delay
from eventer.core.pointer import parse_pointer
from eventer.core.request_fields import NonEmptyText, RequestModel
from eventer.core.timelines import MAX_HORIZON_NS
from eventer.service.views import HealthyEvent, RecomputedFaults

MAX_RULES: Final = 100
_DELAYS: Final = 2


def _in_order(by: list[int]) -> list[int]:
    if len(by) != _DELAYS:
        fail_validation("must have two durations: the shortest and the longest delay")
    shortest, longest = by
    if shortest > longest:
        fail_validation("must have the shortest delay first")
    if longest == 0:
        fail_validation("the longest delay must be greater than zero")
    return by


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
        "text that is not JSON; `late` delivers the event after its scheduled time, and "
        "`duplicate` delivers it once more."
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

    by: Annotated[list[Delay], AfterValidator(_in_order)] | None = Field(
        default=None,
        description="For `late`, the shortest and the longest delay after the scheduled time; for "
        "`duplicate`, of the copy after the event.",
        examples=[["1s", "10m"]],
        json_schema_extra={"minItems": _DELAYS, "maxItems": _DELAYS},
    )

    @model_validator(mode="after")
    def _fields_fit(self) -> FaultBody:
        if self.kind.has_fields and not self.fields:
            fail_validation(
                "is missing", f"`{self.kind}` needs the fields to change", field="fields"
            )
        if self.fields and not self.kind.has_fields:
            fail_validation(f"cannot be combined with `{self.kind}`", field="fields")
        if self.by is None and self.kind.has_delay:
            fail_validation(
                "is missing",
                f'`{self.kind}` needs the shortest and the longest delay, as `["1s", "10m"]`',
                field="by",
            )
        if self.by is not None and not self.kind.has_delay:
            fail_validation(f"cannot be combined with `{self.kind}`", field="by")
        if self.label is not None and self.kind is FaultKind.DROP:
            fail_validation("cannot be combined with `drop`: there is no record", field="label")
        return self

    def rule(self) -> FaultRule:
        """The rule as the service takes it."""
        by = None if self.by is None else (self.by[0], self.by[1])
        return FaultRule(self.kind, self.probability, tuple(self.fields), self.label, by)


def _within_horizon(bodies: list[FaultBody]) -> list[FaultBody]:
    longest = longest_delay(body.rule() for body in bodies)
    if longest > MAX_HORIZON_NS:
        fail_validation(
            f"together the delays can be {format_duration(longest)}, more than "
            f"{format_duration(MAX_HORIZON_NS)}",
            "choose shorter delays: those of `late` add up",
        )
    return bodies


FaultRules = Annotated[
    list[FaultBody],
    AfterValidator(_within_horizon),
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
    by: DurationText | None = Field(
        description="The delay of a late event after its scheduled time, or of a copy after the "
        "event; `null` for other faults."
    )
    due: InstantText | None = Field(
        description="When the late event or the copy is due; `null` for other faults."
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

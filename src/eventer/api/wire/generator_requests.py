"""Requests for generators as JSON. Only their form is checked here."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from eventer.api.wire.fault_rules import FaultRules
from eventer.api.wire.field_types import (
    GeneratorName,
    PopulationSize,
    Reference,
    fail_validation,
)
from eventer.api.wire.pace import MISSING_INTERVAL, NO_PACE, PACE_FIELDS, PacedBody
from eventer.api.wire.targets import TargetBody
from eventer.api.wire.template_requests import (
    TEMPLATE_FIELDS,
    TemplateBody,
    TimelineField,
    timeline_of,
)
from eventer.core.limits import MAX_TICK_EVENTS
from eventer.core.model import CatchUp, OnError, OnNull
from eventer.core.request_fields import NonEmptyText, RequestModel
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest, ScheduleRequest

MAX_SCHEDULES = 1_000


class DestinationBody(TargetBody):
    """A destination. `id` is unique in the request."""

    id: NonEmptyText


class EventBody(TemplateBody, PacedBody):
    """An event: `count` events of a template are due every `interval`, or as `pace` says.

    `id` is unique. An event without a schedule needs no `interval` or `pace`: other events may
    refer to it by `get_event_of`, to `count` events of it if that is given.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [{"oneOf": TEMPLATE_FIELDS}, {"oneOf": [*PACE_FIELDS, NO_PACE]}]
        }
    )

    id: NonEmptyText
    on_error: OnError = Field(
        default=OnError.STOP,
        description="When an event fails: `stop` the generator, `skip` the event, or `retry` to "
        "deliver it for up to 5 minutes, then stop.",
    )
    catch_up: CatchUp = Field(
        default=CatchUp.DROP, description="After a downtime: `drop` or `replay` the backlog."
    )
    on_null: OnNull = Field(
        default=OnNull.EMIT,
        description="When null would be written: `emit` it, or `drop` the event.",
    )
    faults: FaultRules = Field(default_factory=list)
    count: PopulationSize | None = Field(
        default=None,
        description="Number of events per interval; if omitted, 1. Without a schedule, the number "
        "of events that others may refer to.",
    )
    timeline: TimelineField = None

    @model_validator(mode="after")
    def _count_of_a_tick(self) -> EventBody:
        if self.has_pace and (self.count or 1) > MAX_TICK_EVENTS:
            fail_validation(f"must be at most {MAX_TICK_EVENTS:,} per interval", field="count")
        return self

    @property
    def has_pace(self) -> bool:
        """Whether it says when events are due."""
        return self.interval is not None or self.pace is not None

    def fail_without_pace(self) -> None:
        """See `PacedBody`: only events with a schedule need one (`AddBody`)."""

    def request(self) -> EventRequest:
        """The event as the service takes it."""
        fields = self.request_fields() | {"field": self.field}
        fields["faults"] = tuple(body.rule() for body in self.faults)
        fields["timeline"] = timeline_of(self.timeline)
        del fields["interval"]
        if not self.has_pace:
            return EventRequest(**fields)
        return EventRequest(**fields | {"pace": self.pace_spec(), "count": None})


class ScheduleBody(RequestModel):
    """Sends an event to a destination, by their ids in the request."""

    destination_id: str
    event_id: str
    name: GeneratorName | None = Field(
        default=None,
        description="The generator's name, accepted wherever an id is: at most 128 letters A-Z "
        "and a-z, digits, and `-_.:/`; a letter or digit first and after each `/`; not only "
        "digits. It is unique, and not part of the identity: another name renames the generator. "
        "If omitted, an existing generator keeps its name, and a new one is named after its "
        "destination and event, such as `kafka:orders/e1`, with a suffix such as `-2` if that "
        "name is taken.",
    )
    only: NonEmptyText | None = Field(
        default=None, description="Only the steps of timelines with this `to`."
    )


class AddBody(RequestModel):
    """Generators to add: all of them, or none."""

    destinations: list[DestinationBody] = Field(min_length=1, max_length=MAX_SCHEDULES)
    events: list[EventBody] = Field(min_length=1, max_length=MAX_SCHEDULES)
    schedules: list[ScheduleBody] = Field(min_length=1, max_length=MAX_SCHEDULES)

    @model_validator(mode="after")
    def _scheduled_events_have_paces(self) -> Self:
        scheduled = {schedule.event_id for schedule in self.schedules}
        for number, event in enumerate(self.events):
            if event.id in scheduled and not event.has_pace:
                fail_validation(*MISSING_INTERVAL, field=("events", number, "interval"))
        return self

    def request(self) -> AddRequest:
        """The request as the service takes it."""
        return AddRequest(
            tuple(DestinationRequest(body.id, body.target()) for body in self.destinations),
            tuple(body.request() for body in self.events),
            tuple(
                ScheduleRequest(body.destination_id, body.event_id, body.name, body.only)
                for body in self.schedules
            ),
        )


class RemoveBody(RequestModel):
    """Generators to remove, in addition to those in the query."""

    id: Reference | None = Field(default=None, description="An id or a name.")
    ids: list[Reference] = Field(default_factory=list, description="Ids or names.")

    def all(self) -> tuple[int | str, ...]:
        """All ids and names."""
        return (*(() if self.id is None else (self.id,)), *self.ids)

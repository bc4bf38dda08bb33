"""Generators as they are asked for, checked for their form; what they mean is the service's."""

from __future__ import annotations

from pydantic import Field

from eventer.api.wire.scalars import Count, Interval, Unsigned
from eventer.api.wire.targets import NonEmptyText, RequestModel, TargetBody
from eventer.api.wire.templates import TemplateBody
from eventer.core.model import CatchUp, OnError
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    ScheduleRequest,
)

MAX_SCHEDULES = 1_000


class DestinationBody(TargetBody):
    """A destination under an id of this request."""

    id: NonEmptyText


class EventBody(TemplateBody):
    """An event under an id of this request: a template, and `count` of it every `interval`."""

    id: NonEmptyText
    interval: Interval = Field(description="A duration: a number and `ns us µs ms s m h`.")
    count: Count = Field(default=1, description="How many events each interval.")
    on_error: OnError = Field(
        default=OnError.STOP, description="What an event that raises does: `stop` or `skip`."
    )
    catch_up: CatchUp = Field(
        default=CatchUp.DROP, description="What becomes of the backlog of a down time."
    )

    def request(self) -> EventRequest:
        """The event as the service takes it."""
        return EventRequest(**self.request_fields(), field=self.field)


class ScheduleBody(RequestModel):
    """Which event goes to which destination, by the ids of this request."""

    destination_id: str
    event_id: str


class AddBody(RequestModel):
    """Generators to add: all of them, or none."""

    destinations: list[DestinationBody] = Field(min_length=1, max_length=MAX_SCHEDULES)
    events: list[EventBody] = Field(min_length=1, max_length=MAX_SCHEDULES)
    schedules: list[ScheduleBody] = Field(min_length=1, max_length=MAX_SCHEDULES)

    def request(self) -> AddRequest:
        """The request as the service takes it."""
        return AddRequest(
            tuple(DestinationRequest(body.id, body.target()) for body in self.destinations),
            tuple(body.request() for body in self.events),
            tuple(ScheduleRequest(body.destination_id, body.event_id) for body in self.schedules),
        )


class RemoveBody(RequestModel):
    """Generators to remove, besides those of the query."""

    id: Unsigned | None = None
    ids: list[Unsigned] = Field(default_factory=list)

    def all(self) -> tuple[int, ...]:
        """Every id that is named."""
        return (*(() if self.id is None else (self.id,)), *self.ids)

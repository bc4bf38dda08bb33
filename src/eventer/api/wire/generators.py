"""Generators as they are asked for, checked for their form; what they mean is the service's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from pydantic import Field

from eventer.api.wire.scalars import Count, Interval, Unsigned
from eventer.api.wire.targets import NonEmptyText, RequestModel, TargetBody
from eventer.api.wire.templates import TemplateBody
from eventer.core.errors import Fault, RequestError
from eventer.core.model import CatchUp, OnError
from eventer.core.suggestions import did_you_mean
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
        """The same as a frozen value."""
        return EventRequest(
            id=self.id,
            template=self.text,
            interval=self.interval,
            count=self.count,
            field=self.field,
            dataset=self.dataset,
            stream=self.stream,
            vars=self.vars,
            seed=self.seed,
            on_error=self.on_error,
            catch_up=self.catch_up,
        )


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
        """The same as frozen values.

        Raises:
            RequestError: an id is given twice, or a schedule names one that is not there.
        """
        faults = tuple(self._id_faults())
        if faults:
            raise RequestError("the ids of the request do not fit together", faults)
        return AddRequest(
            tuple(DestinationRequest(body.id, body.target()) for body in self.destinations),
            tuple(body.request() for body in self.events),
            tuple(ScheduleRequest(body.destination_id, body.event_id) for body in self.schedules),
        )

    def _id_faults(self) -> Iterator[Fault]:
        destinations = [body.id for body in self.destinations]
        events = [body.id for body in self.events]
        yield from _repeated_ids("destinations", destinations)
        yield from _repeated_ids("events", events)
        yield from _unknown_ids("destination_id", self.schedules, set(destinations))
        yield from _unknown_ids("event_id", self.schedules, set(events))


def _repeated_ids(name: str, ids: Sequence[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, id_ in enumerate(ids):
        if id_ in seen:
            yield Fault(f"/{name}/{number}/id", f"the id {id_!r} is given twice")
        seen.add(id_)


def _unknown_ids(
    field: str, schedules: Iterable[ScheduleBody], known: Collection[str]
) -> Iterator[Fault]:
    kind = field.removesuffix("_id")
    for number, schedule in enumerate(schedules):
        id_ = getattr(schedule, field)
        if id_ not in known:
            yield Fault(
                f"/schedules/{number}/{field}",
                f"there is no {kind} {id_!r} in this request",
                did_you_mean(id_, known),
            )


class RemoveBody(RequestModel):
    """Generators to remove, besides those of the query."""

    id: Unsigned | None = None
    ids: list[Unsigned] = Field(default_factory=list)

    def all(self) -> tuple[int, ...]:
        """Every id that is named."""
        return (*(() if self.id is None else (self.id,)), *self.ids)

"""What callers ask of the service: requests as frozen values, already checked for their form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eventer.core.model import CatchUp, EngineChoice, OnError, Target


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """A destination of an add request under the request's own id."""

    id: str
    target: Target


@dataclass(frozen=True, slots=True)
class EventRequest:
    """An event of an add request: its template, and how many of it are due how often.

    `field` is the request's field that held the template (`schema` or `template`): faults of the
    template point at it. `vars` is canonical JSON text of an object. `seed` is None where drawn.
    """

    id: str
    template: str
    interval: int
    count: int = 1
    field: Literal["schema", "template"] = "schema"
    dataset: str | None = None
    stream: str | None = None
    vars: str = "{}"
    seed: int | None = None
    on_error: OnError = OnError.STOP
    catch_up: CatchUp = CatchUp.DROP


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """Which event goes to which destination, by the request's ids."""

    destination_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class AddRequest:
    """Everything one `POST /generator/add` asks for: all of it is done, or none."""

    destinations: tuple[DestinationRequest, ...]
    events: tuple[EventRequest, ...]
    schedules: tuple[ScheduleRequest, ...]


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Events of a template, made and shown, never delivered. `at` is ns since 1970; None is now."""

    template: str
    name: str = "template"
    count: int = 10
    first: int = 0
    seed: int | None = None
    stream: str | None = None
    dataset: str | None = None
    vars: str = "{}"
    at: int | None = None
    engine: EngineChoice = "auto"

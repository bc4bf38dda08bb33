"""A client of a running service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from eventer.api.wire.connection_responses import ConnectionReportOut
from eventer.api.wire.fault_rules import FaultyEventOut
from eventer.api.wire.pace_responses import PacePreviewOut
from eventer.api.wire.responses import (
    AddedOut,
    CompleteOut,
    EventsOut,
    FormatOut,
    FunctionOut,
    GeneratorOut,
    HealthOut,
    PreviewOut,
    ProfileOut,
    ReadyOut,
    RemoveOut,
    ValidateOut,
    VerifyOut,
)
from eventer.client.json_client import ServiceClient
from eventer.library import calls
from eventer.library.calls import Call, CommittedEvent
from eventer.library.error_notes import noting_errors
from eventer.library.service_address import add_request, service_address

_T = TypeVar("_T")


class Client:
    """A client of a running service.

    Its methods are the routes of the API; answers are pydantic models with the fields that the API
    reference describes. `generator` is an id or a name.

    Args:
        url: The URL of the service; if omitted, that of the settings (EVENTER_URL).
        token: The token; if omitted, that of the settings (EVENTER_TOKEN).

    Raises:
        ServiceUnreachableError: (each method) no service answers.
        RequestError: (each method) the request is invalid; its faults say where and why.
        NotFoundError: no generator has this id or name.
        EventerError: (each method) the service rejects the request for another reason.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self._service = ServiceClient(service_address(url, token), keep_alive=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._service.close()

    def _ask(self, call: Call[_T]) -> _T:
        with noting_errors():
            answer = self._service.request(call.method, call.path, call.query, call.body)
            return call.read(answer.content)

    def add(self, request: Mapping[str, Any] | str | Path) -> list[AddedOut]:
        """Adds generators, or changes existing ones: all of the request, or nothing.

        Args:
            request: As the body of `POST /generator/add`, or a JSON or YAML file as for
                `eventer add`.
        """
        return self._ask(calls.add(add_request(request))).generators

    def generators(self) -> list[GeneratorOut]:
        """All generators, oldest first."""
        return self._ask(calls.generators()).generators

    def status(self, generator: str | int) -> GeneratorOut:
        """One generator, by id or name."""
        return self._ask(calls.status(generator))

    def pause(self, generator: str | int) -> GeneratorOut:
        """Pauses a generator. When it returns, no further event is delivered."""
        return self._ask(calls.pause(generator))

    def resume(
        self,
        generator: str | int,
        *,
        skip: bool = False,
        position: Literal["registry", "destination"] | None = None,
    ) -> GeneratorOut:
        """Resumes a generator; `skip` skips the event at which it failed.

        `position` says where to continue after the destination lost the position.
        """
        return self._ask(calls.resume(generator, skip=skip, position=position))

    def remove(self, *ids: str | int) -> RemoveOut:
        """Stops and deletes generators. Topics, tables and delivered events stay."""
        return self._ask(calls.remove(ids))

    def pace(
        self, pace: Mapping[str, Any], *, length: str | None = None, buckets: int | None = None
    ) -> PacePreviewOut:
        """How many events of a pace are due when, as if it began now, for `length`, as 1h."""
        return self._ask(calls.pace(pace, length, buckets))

    def events(self, generator: str | int, *, first: int = 0, count: int = 10) -> EventsOut:
        """Recomputes events of a generator, past or future, without those skipped or dropped.

        For timelines the answer also has their `steps`.
        """
        return self._ask(calls.events(generator, first, count))

    def faults(
        self, generator: str | int, *, first: int = 0, count: int = 1_000
    ) -> list[FaultyEventOut]:
        """The events with faults on purpose among the events [first, first + count)."""
        return self._ask(calls.faults(generator, first, count)).events

    def verify(self, generator: str | int, *, allow_foreign: bool = False) -> VerifyOut:
        """Compares the delivered events with recomputed ones, and waits for the result."""
        call = calls.verify(generator, allow_foreign=allow_foreign)
        with noting_errors():
            *_, result = self._service.lines(call.method, call.path, call.query)
        return call.read(result)

    def preview(self, template: str, **fields: Any) -> PreviewOut:
        """Events of a template's text; `fields` are others of `POST /generator/preview`."""
        return self._ask(calls.preview(template, fields))

    def validate(self, template: str, **fields: Any) -> ValidateOut:
        """Checks a template's text; `fields` are others of `POST /generator/validate`."""
        return self._ask(calls.validate(template, fields))

    def profile(self, template: str, **fields: Any) -> ProfileOut:
        """Profiles a template's text; `fields` are others of `POST /template/profile`."""
        return self._ask(calls.profile(template, fields))

    def complete(self, template: str, offset: int) -> CompleteOut:
        """Suggests how to continue a template at an offset in characters."""
        return self._ask(calls.complete(template, offset))

    def format(self, template: str) -> FormatOut:
        """A template in the usual form."""
        return self._ask(calls.format_(template))

    def test_connection(self, name: str, targets: Iterable[str] = ()) -> ConnectionReportOut:
        """Connects as a generator would, and reads the sizes of these topics, tables or folders.

        Raises:
            NotFoundError: no connection has this name.
            EventerError: the connection does not work; the message says why, the hint what to do.
        """
        return self._ask(calls.test_connection(name, targets))

    def functions(self) -> list[FunctionOut]:
        """The functions that templates can call."""
        return self._ask(calls.functions()).functions

    def healthz(self) -> HealthOut:
        """Whether the process responds."""
        return self._ask(calls.healthz())

    def readyz(self) -> ReadyOut:
        """Whether the service can work.

        Raises:
            DestinationUnavailableError: it cannot; the message says why.
        """
        return self._ask(calls.readyz())

    def metrics(self) -> str:
        """Metrics in Prometheus' text format."""
        return self._ask(calls.metrics())

    def tail(self, generator: str | int, *, last: int = 10) -> Iterator[CommittedEvent]:
        """Follows the committed events, beginning with the `last` ones, until the caller closes it.

        Raises:
            NotFoundError: also when the generator is removed.
        """
        call = calls.tail(generator, last)
        for line in self._service.lines(call.method, call.path, call.query):
            yield call.read(line)

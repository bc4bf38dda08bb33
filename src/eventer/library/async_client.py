"""A client of a running service, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
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
from eventer.client.async_json_client import AsyncServiceClient
from eventer.library import calls
from eventer.library.calls import Call, CommittedEvent
from eventer.library.error_notes import noting_errors
from eventer.library.service_address import add_request, service_address

_T = TypeVar("_T")


class AsyncClient:
    """A client of a running service, as `Client`, for asyncio.

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
        self._service = AsyncServiceClient(service_address(url, token))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._service.close()

    async def _ask(self, call: Call[_T]) -> _T:
        with noting_errors():
            answer = await self._service.request(call.method, call.path, call.query, call.body)
            return call.read(answer.content)

    async def add(self, request: Mapping[str, Any] | str | Path) -> list[AddedOut]:
        """See `Client.add`."""
        return (await self._ask(calls.add(add_request(request)))).generators

    async def generators(self) -> list[GeneratorOut]:
        """See `Client.generators`."""
        return (await self._ask(calls.generators())).generators

    async def status(self, generator: str | int) -> GeneratorOut:
        """See `Client.status`."""
        return await self._ask(calls.status(generator))

    async def pause(self, generator: str | int) -> GeneratorOut:
        """See `Client.pause`."""
        return await self._ask(calls.pause(generator))

    async def resume(
        self,
        generator: str | int,
        *,
        skip: bool = False,
        position: Literal["registry", "destination"] | None = None,
    ) -> GeneratorOut:
        """See `Client.resume`."""
        return await self._ask(calls.resume(generator, skip=skip, position=position))

    async def remove(self, *ids: str | int) -> RemoveOut:
        """See `Client.remove`."""
        return await self._ask(calls.remove(ids))

    async def pace(
        self, pace: Mapping[str, Any], *, length: str | None = None, buckets: int | None = None
    ) -> PacePreviewOut:
        """See `Client.pace`."""
        return await self._ask(calls.pace(pace, length, buckets))

    async def events(self, generator: str | int, *, first: int = 0, count: int = 10) -> EventsOut:
        """See `Client.events`."""
        return await self._ask(calls.events(generator, first, count))

    async def faults(
        self, generator: str | int, *, first: int = 0, count: int = 1_000
    ) -> list[FaultyEventOut]:
        """See `Client.faults`."""
        return (await self._ask(calls.faults(generator, first, count))).events

    async def verify(self, generator: str | int, *, allow_foreign: bool = False) -> VerifyOut:
        """See `Client.verify`."""
        call = calls.verify(generator, allow_foreign=allow_foreign)
        with noting_errors():
            lines = self._service.lines(call.method, call.path, call.query)
            *_, result = [line async for line in lines]
        return call.read(result)

    async def preview(self, template: str, **fields: Any) -> PreviewOut:
        """See `Client.preview`."""
        return await self._ask(calls.preview(template, fields))

    async def validate(self, template: str, **fields: Any) -> ValidateOut:
        """See `Client.validate`."""
        return await self._ask(calls.validate(template, fields))

    async def profile(self, template: str, **fields: Any) -> ProfileOut:
        """See `Client.profile`."""
        return await self._ask(calls.profile(template, fields))

    async def complete(self, template: str, offset: int) -> CompleteOut:
        """See `Client.complete`."""
        return await self._ask(calls.complete(template, offset))

    async def format(self, template: str) -> FormatOut:
        """See `Client.format`."""
        return await self._ask(calls.format_(template))

    async def test_connection(self, name: str, targets: Iterable[str] = ()) -> ConnectionReportOut:
        """See `Client.test_connection`."""
        return await self._ask(calls.test_connection(name, targets))

    async def functions(self) -> list[FunctionOut]:
        """See `Client.functions`."""
        return (await self._ask(calls.functions())).functions

    async def healthz(self) -> HealthOut:
        """See `Client.healthz`."""
        return await self._ask(calls.healthz())

    async def readyz(self) -> ReadyOut:
        """See `Client.readyz`."""
        return await self._ask(calls.readyz())

    async def metrics(self) -> str:
        """See `Client.metrics`."""
        return await self._ask(calls.metrics())

    async def tail(self, generator: str | int, *, last: int = 10) -> AsyncIterator[CommittedEvent]:
        """See `Client.tail`."""
        call = calls.tail(generator, last)
        async for line in self._service.lines(call.method, call.path, call.query):
            yield call.read(line)

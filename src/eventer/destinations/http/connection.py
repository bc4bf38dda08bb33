"""Delivers events to HTTP endpoints: at least once, in the order of each generator."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from eventer.core.batch import Batch, advance_position
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.http.answers import RejectedRequestError
from eventer.destinations.http.client import HttpClient
from eventer.destinations.http.event_chunks import EventChunk, event_chunks
from eventer.destinations.http.paths import path_fault
from eventer.destinations.http.reachability import check_reachable
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.http.target import HttpTarget
from eventer.destinations.position_log import PositionLog


@dataclass(slots=True)
class _FlowProgress:
    """What the server has answered about the events after the position.

    Those before `end` were accepted, or refused with these errors. They are not posted again.
    """

    end: int = 0
    refused: dict[int, DestinationRejectedError] = field(default_factory=dict)

    def refused_before(self, end: int) -> list[DestinationRejectedError]:
        """The errors of the events before an index that were refused."""
        return [error for index, error in self.refused.items() if index < end]


class HttpConnection:
    """Implements `ShardConnection`."""

    def __init__(self, settings: HttpSettings, position_log: PositionLog) -> None:
        self._settings = settings
        self._log = position_log
        self._client: HttpClient | None = None
        self._progress: dict[PositionKey, _FlowProgress] = {}

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`. A server cannot fence: the owner of the positions does."""
        self._client = HttpClient(self._settings)
        await check_reachable(self._settings)
        await asyncio.to_thread(self._log.open)
        return "at-least-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        known = self._log.positions
        return {key: known[key] for key in keys if key in known}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`. Only a request tells what the server accepts."""
        if fault := path_fault(_target(flow).path):
            raise DestinationRejectedError(f"`path` {_target(flow).path!r} {fault}")

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`. Eventer does not create endpoints."""
        await self.check(flow)

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`. Bodies need no encoding."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection.deliver`. What the server accepted stays there if it fails."""
        self._log.check_owner()
        errors = await asyncio.gather(*map(self._post_delivery, deliveries))
        committed: dict[PositionKey, Position] = {}
        rejected: dict[PositionKey, DestinationError] = {}
        skipped: dict[PositionKey, Sequence[DestinationRejectedError]] = {}
        for delivery, error in zip(deliveries, errors, strict=True):
            key = delivery.flow.key
            if error is not None:
                rejected[key] = error
                continue
            skipped[key] = self._progress[key].refused_before(delivery.batches[-1].next)
            committed[key] = self._next_position(delivery)
        await self._commit(committed)
        for error in filter(_is_of_server, rejected.values()):
            if not committed:
                raise error
            raise UnknownOutcomeError(error.message, hint=error.hint) from error
        return DeliveryOutcome(committed, rejected, skipped=skipped)

    async def _commit(self, positions: Mapping[PositionKey, Position]) -> None:
        await asyncio.to_thread(self._log.commit, positions)
        for key, position in positions.items():
            if self._progress[key].end <= position.next:
                del self._progress[key]

    async def close(self) -> None:
        """See `ShardConnection.close`."""
        self._log.close()
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _post_delivery(self, delivery: Delivery) -> DestinationError | None:
        """Posts the events of a delivery in order; returns the error that ended it."""
        key = delivery.flow.key
        progress = self._progress.get(key, _FlowProgress())
        if delivery.accepted is not None or (progress.refused and not delivery.skip_rejected):
            progress = _FlowProgress()
        self._progress[key] = progress
        try:
            for chunk in event_chunks(delivery.batches, self._settings, progress.end):
                await self._post_chunk(delivery, chunk)
        except DestinationError as error:
            return error
        return None

    async def _post_chunk(self, delivery: Delivery, chunk: EventChunk) -> None:
        """Posts a chunk. If the server refuses it, halves of it, to find the refused events.

        Raises:
            DestinationError: see `HttpClient.post`. An event that is refused is skipped, or the
                error has its index.
        """
        assert self._client is not None
        flow, progress = delivery.flow, self._progress[delivery.flow.key]
        try:
            await self._client.post(flow.key, _target(flow), chunk)
        except RejectedRequestError as error:
            if len(chunk) > 1:
                for half in chunk.halves():
                    await self._post_chunk(delivery, half)
                return
            index = chunk.indices[0]
            rejection = DestinationRejectedError(error.message, index=index)
            if not delivery.skip_rejected:
                raise rejection from error
            progress.refused[index] = rejection
        progress.end = chunk.indices[-1] + 1

    def _next_position(self, delivery: Delivery) -> Position:
        key = delivery.flow.key
        before = delivery.accepted or self._log.positions.get(key, Position())
        refused = self._progress[key].refused_before(delivery.batches[-1].next)
        indices = [each.index for each in refused if each.index is not None]
        return advance_position(before, delivery.without(indices).batches)


def _is_of_server(error: DestinationError) -> bool:
    """Whether an error concerns all endpoints of the server."""
    return isinstance(error, DestinationUnavailableError) and not isinstance(
        error, TargetUnavailableError
    )


def _target(flow: Flow) -> HttpTarget:
    assert isinstance(flow.target, HttpTarget)
    return flow.target

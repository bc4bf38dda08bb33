"""An auditor: a process that verifies what one generator delivered, once, and ends."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.errors import BudgetError, EventerError, TemplateError
from eventer.core.model import PositionKey
from eventer.destinations.readback import ReadBack
from eventer.functions.fingerprint import fingerprint
from eventer.plan.engine import Engine
from eventer.plan.interpreted import skipped
from eventer.plan.prepare import prepare
from eventer.runs.maker import STACK_BYTES
from eventer.runs.pacing import Pace
from eventer.workers.channel import Channel
from eventer.workers.messages import (
    Audit,
    Audited,
    AuditProgress,
    Configure,
    Looking,
    Making,
    Makings,
    Ready,
)

_SLICE_NS: Final = 500_000_000
"""How long a batch may be in the making: slow templates still show that they go on."""
_TELL_S: Final = 0.5

_log = logging.getLogger(__name__)


async def serve_auditor(channel: Channel, configure: Configure) -> None:
    """Answers one question.

    Raises:
        EOFError: the service has gone, or wants no answer any more.
    """
    channel.send(Ready(fingerprint()))
    question: Audit = await channel.receive()
    connector = configure.connectors[question.shard.connection]
    looking = connector.read_back(configure.cluster, question.shard.number)
    makings: asyncio.Future[Makings] = asyncio.get_running_loop().create_future()
    answer = asyncio.create_task(_answer(channel, question, looking, makings))
    listening = asyncio.create_task(_listen(channel, makings))
    await asyncio.wait({answer, listening}, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        listening.result()
    channel.send(answer.result())
    await channel.flush()
    await listening


async def _listen(channel: Channel, makings: asyncio.Future[Makings]) -> None:
    """Hears the one thing that the service says while the answer is under way, and when it goes."""
    makings.set_result(await channel.receive())
    await channel.receive()


async def _answer(
    channel: Channel, question: Audit, looking: ReadBack, makings: asyncio.Future[Makings]
) -> Audited:
    """What was found, or the error in its place. Never raises."""
    try:
        positions = await looking.open(question.flow, question.others)
        channel.send(Looking(positions))
        total = positions[question.flow.key].next
        events = RemadeEvents((await makings).by_key)
        telling = asyncio.create_task(_tell(channel, events, total))
        try:
            return Audited(await looking.audit(events))
        finally:
            telling.cancel()
    except EventerError as error:
        return Audited(error)
    except MemoryError:
        return Audited(BudgetError("verifying takes more memory than a worker may have"))
    except Exception as error:  # noqa: BLE001  whatever happens, the service is to hear of it
        _log.exception("an auditor broke")
        return Audited(EventerError(f"verifying broke: {error!r}"))
    finally:
        await looking.close()


async def _tell(channel: Channel, events: RemadeEvents, total: int) -> None:
    """Says now and then how far it is, also while that does not change: it is alive."""
    while True:
        await asyncio.sleep(_TELL_S)
        channel.send(AuditProgress(min(events.made, total), total))


class RemadeEvents:
    """`Events` by the engines that made them; `made` counts them."""

    def __init__(self, makings: Mapping[PositionKey, Making]) -> None:
        self.made = 0
        self._makings = makings
        self._engines: dict[PositionKey, Engine] = {}
        self._executor = ThreadPoolExecutor(1)
        before = threading.stack_size(STACK_BYTES)
        self._executor.submit(int).result()
        threading.stack_size(before)

    def recomputable(self, key: PositionKey, end: int) -> Sequence[tuple[int, int]]:
        """See `Events.recomputable`."""
        return recomputable(self._makings[key].fingerprints, fingerprint(), end)

    async def batches(self, key: PositionKey, first: int, end: int) -> AsyncIterator[Batch]:
        """See `Events.batches`. The next batch is made while the last one is looked at."""
        loop = asyncio.get_running_loop()
        at, pace = first, Pace(self._makings[key].segments)
        ahead = None
        try:
            while at < end:
                if ahead is None:
                    ahead = loop.run_in_executor(self._executor, self._make, key, pace, at, end)
                batch = await ahead
                at = batch.next
                ahead = None
                if at < end:
                    ahead = loop.run_in_executor(self._executor, self._make, key, pace, at, end)
                self.made += batch.count
                yield batch
        finally:
            if ahead is not None:
                await asyncio.wait({ahead})
                ahead.exception()

    def _make(self, key: PositionKey, pace: Pace, first: int, end: int) -> Batch:
        engine = self._engines.get(key)
        if engine is None:
            recipe = self._makings[key].recipe
            engine = prepare(recipe.template).engine(recipe.stream, recipe.context)
            self._engines[key] = engine
        times = pace.scheduled(first, min(MAX_EVENTS, end - first))
        try:
            return engine.generate(first, times, time.monotonic_ns() + _SLICE_NS)
        except TemplateError as error:
            if getattr(error, "index", None) is None:
                raise
            return skipped(first)


def recomputable(
    fingerprints: Sequence[tuple[int, str]], current: str, end: int
) -> list[tuple[int, int]]:
    """The ranges of indices below `end` that the current versions made."""
    ranges: list[tuple[int, int]] = []
    starts = [index for index, _ in fingerprints] or [0]
    names = [name for _, name in fingerprints] or [current]
    for start, stop, name in zip(starts, [*starts[1:], end], names, strict=True):
        first, after = (0 if start == starts[0] else start), min(stop, end)
        if name != current or first >= after:
            continue
        if ranges and ranges[-1][1] == first:
            ranges[-1] = (ranges[-1][0], after)
        else:
            ranges.append((first, after))
    return ranges

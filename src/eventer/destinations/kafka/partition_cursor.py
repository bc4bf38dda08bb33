"""Reads one partition forward as rows to compare; prefetches one page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from eventer.destinations.comparison import RecordDigests
from eventer.destinations.kafka.log_reader import LogReader
from eventer.destinations.kafka.record_digests import (
    concat_digests,
    digest_records,
    pack_location,
    unpack_location,
)


class PartitionCursor:
    """The records of a partition in the order of their offsets; `read` counts them."""

    def __init__(self, log: LogReader, topic: str, partition: int, first: int, until: int) -> None:
        self._partition = partition
        self._next = first
        self._pages = log.pages(topic, partition, first, until)
        self._prefetch: asyncio.Task[RecordDigests | None] | None = None
        self._buffered: list[RecordDigests] = []
        self.read = 0

    async def read_up_to(self, offset: int) -> RecordDigests:
        """The next records, up to and including this offset, which is below the end."""
        while not self._buffered or _last_offset(self._buffered[-1]) < offset:
            page = await self._next_page()
            if page is None:
                break
            self._buffered.append(page)
        last = pack_location(np.array([self._partition]), np.array([offset]))[0]
        taken, rest = [], []
        for page in self._buffered:
            cut = int(np.searchsorted(page.location, last, side="right"))
            taken.append(page.take(slice(cut)))
            if cut < len(page):
                rest.append(page.take(slice(cut, None)))
        self._buffered = rest
        return concat_digests(taken)

    async def read_rest(self, until: int) -> AsyncIterator[RecordDigests]:
        """All further records with offsets below `until`."""
        end = pack_location(np.array([self._partition]), np.array([until]))[0]
        while (
            page := self._buffered.pop(0) if self._buffered else await self._next_page()
        ) is not None:
            yield page.take(page.location < end)

    async def _next_page(self) -> RecordDigests | None:
        task = self._prefetch or asyncio.create_task(self._read_page())
        page = await task
        self._prefetch = None if page is None else asyncio.create_task(self._read_page())
        if page is not None:
            self.read += len(page)
        return page

    async def _read_page(self) -> RecordDigests | None:
        async for records in self._pages:
            if len(records):
                return digest_records(records, self._partition)
        return None

    def close(self) -> None:
        """Cancels the prefetch."""
        if self._prefetch is not None:
            self._prefetch.cancel()


def _last_offset(rows: RecordDigests) -> int:
    return int(unpack_location(rows.location[-1:])[1][0])

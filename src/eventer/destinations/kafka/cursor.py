"""Reads one partition forward as rows to compare, a page ahead of whoever takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from eventer.destinations.comparison import Rows
from eventer.destinations.kafka.digests import all_of, place_of, rows_of_records, split_place
from eventer.destinations.kafka.log import Log


class Cursor:
    """The records of a partition in the order of their offsets; `read` counts them."""

    def __init__(self, log: Log, topic: str, partition: int, first: int, until: int) -> None:
        self._partition = partition
        self._next = first
        self._pages = log.pages(topic, partition, first, until)
        self._ahead: asyncio.Task[Rows | None] | None = None
        self._kept: list[Rows] = []
        self.read = 0

    async def up_to(self, offset: int) -> Rows:
        """All records not taken yet with offsets up to this one, which is below the end."""
        while not self._kept or _last(self._kept[-1]) < offset:
            page = await self._page()
            if page is None:
                break
            self._kept.append(page)
        last = place_of(np.array([self._partition]), np.array([offset]))[0]
        taken, rest = [], []
        for page in self._kept:
            cut = int(np.searchsorted(page.place, last, side="right"))
            taken.append(page.take(slice(cut)))
            if cut < len(page):
                rest.append(page.take(slice(cut, None)))
        self._kept = rest
        return all_of(taken)

    async def rest(self, until: int) -> AsyncIterator[Rows]:
        """All further records with offsets below `until`."""
        end = place_of(np.array([self._partition]), np.array([until]))[0]
        while (page := self._kept.pop(0) if self._kept else await self._page()) is not None:
            yield page.take(page.place < end)

    async def _page(self) -> Rows | None:
        task = self._ahead or asyncio.create_task(self._read_page())
        page = await task
        self._ahead = None if page is None else asyncio.create_task(self._read_page())
        if page is not None:
            self.read += len(page)
        return page

    async def _read_page(self) -> Rows | None:
        async for records in self._pages:
            if len(records):
                return rows_of_records(records, self._partition)
        return None

    def close(self) -> None:
        """Lets go of what is under way."""
        if self._ahead is not None:
            self._ahead.cancel()


def _last(rows: Rows) -> int:
    return int(split_place(rows.place[-1:])[1][0])

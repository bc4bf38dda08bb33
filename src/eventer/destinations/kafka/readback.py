"""Verifies a topic: what the ledger says where, against the events made again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from eventer.core.batch import Batch
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Flow
from eventer.destinations.comparison import Findings, Found, LogComparison, Rows
from eventer.destinations.kafka import ledger, position
from eventer.destinations.kafka.batches import partitions_of, record_columns
from eventer.destinations.kafka.claims import (
    NOWHERE,
    Entries,
    Intervals,
    Ints,
    Locator,
    Mask,
    Places,
    Run,
    first_in_log,
    first_of_this_life,
    runs,
    superseded,
)
from eventer.destinations.kafka.cursor import Cursor
from eventer.destinations.kafka.delivery import kafka_target
from eventer.destinations.kafka.digests import (
    ASPECTS,
    all_of,
    digests_of_columns,
    level_timestamps,
    place_of,
    split_place,
)
from eventer.destinations.kafka.ledger_reading import LedgerReader
from eventer.destinations.kafka.log import Bounds, Log
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.readback import (
    LISTED,
    Events,
    Finding,
    Flaw,
    Report,
    Unchecked,
)
from eventer.kernels.kafka_reading import column_digests

_ON_THE_WAY: Final = 10_000
"""How far beyond the position a stray may be an event that was not yet acknowledged."""
_SETTLING_SECONDS: Final = 0.5


class KafkaReadBack:
    """Implements `ReadBack`."""

    def __init__(self, settings: KafkaSettings, *, cluster: int, shard: int) -> None:
        self._settings = settings
        self._cluster = cluster
        self._shard = shard
        self._log = Log(settings)
        self._flow: Flow
        self._position = Position()
        self._bounds: Mapping[int, Bounds] = {}
        self._ledger: Mapping[int, Bounds] = {}

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `ReadBack.open`. Of others the ledger knows."""
        del others
        self._flow = flow
        await self._log.open()
        if await self._log.partitions(position.TOPIC) > self._shard:
            pages = self._log.settled(position.TOPIC, self._shard)
            found = await position.read_positions(pages, self._shard, self._cluster)
            self._position = found.get(flow.key, Position())
        # In this order: whatever is committed below `stable` has its entry below the ledger's end.
        self._bounds = await self._log.bounds(kafka_target(flow).topic)
        self._ledger = await self._log.bounds(ledger.TOPIC)
        return {flow.key: self._position}

    async def audit(self, events: Events, listed: int = LISTED) -> Report:
        """See `ReadBack.audit`."""
        reader = LedgerReader(self._log, self._flow.key, kafka_target(self._flow).topic)
        await reader.read(self._ledger)
        audit = _Audit(
            self._log,
            flow=self._flow,
            at=self._position,
            bounds=self._bounds,
            reader=reader,
            listed=listed,
        )
        try:
            return await audit.run(events)
        finally:
            audit.close()

    async def close(self) -> None:
        """See `ReadBack.close`."""
        await self._log.close()


class _Audit:
    """One comparison of one topic."""

    def __init__(
        self,
        log: Log,
        *,
        flow: Flow,
        at: Position,
        bounds: Mapping[int, Bounds],
        reader: LedgerReader,
        listed: int,
    ) -> None:
        self._log = log
        self._flow = flow
        self._target: KafkaTarget = kafka_target(flow)
        self._position = at
        self._bounds = bounds
        self._reader = reader
        self._comparison = LogComparison(ASPECTS, end=at.next, listed=listed)
        self._told = Findings(listed)
        self._unchecked: list[Unchecked] = []
        self._covered = 0
        self._skipped = 0
        self._others = 0
        self._cursors: dict[int, Cursor] = {}
        self._accounted: dict[int, Intervals] = {}

    def close(self) -> None:
        for cursor in self._cursors.values():
            cursor.close()

    async def run(self, events: Events) -> Report:
        own, stamps = self._reader.own()
        numbers, end = np.arange(len(own)), self._position.next
        of_life = numbers >= first_of_this_life(own)
        starts = {n: each.start for n, each in self._bounds.items()}
        kept = numbers >= first_in_log(own, starts, of_life)
        kept &= of_life & (own.end <= end)
        again = np.zeros(len(own), np.bool_)
        again[kept] = superseded(own.take(kept))
        current = kept & ~again
        ranges = events.recomputable(self._flow.key, end)
        self._note_unchecked(
            own.take(kept), ranges, forgotten=bool((~kept & (own.end <= end)).any())
        )
        self._note_again(own.take(again))
        if current.any():
            compared = current & _inside(own, ranges)
            self._account(own.take(of_life & ~compared))
            await self._place_cursors(own.take(current).places, int(stamps[np.argmax(current)]))
            await self._compare(own.take(current), ranges, events)
            await self._read_tails()
        await self._tell_apart(events)
        return self._report()

    # --- what is to be compared with what -----------------------------------------------------

    def _note_unchecked(
        self, entries: Entries, ranges: Sequence[tuple[int, int]], *, forgotten: bool
    ) -> None:
        end = self._position.next
        first = int(entries.first.min()) if len(entries) else end
        if first > 0:
            what = "the topic has forgotten them" if forgotten else "the ledger begins after them"
            self._unchecked.append(Unchecked(0, first, what))
        at = first
        for start, stop in [*ranges, (end, end)]:
            if start > at:
                reason = "an upgrade changed what their template makes"
                self._unchecked.append(Unchecked(at, start, reason))
            at = max(at, stop)

    def _note_again(self, entries: Entries) -> None:
        """Events that were delivered once more later; those are the ones that are compared."""
        places = entries.places
        events = np.bincount(places.entry, places.count, len(entries)).astype(np.int64)
        for number in np.flatnonzero(events).tolist():
            at = int(np.argmax(places.entry == number))
            place = place_of(places.partition[at : at + 1], places.offset[at : at + 1])
            first, end = int(entries.first[number]), int(entries.end[number])
            detail = None if end - first == 1 else f"with all up to {end - 1}: delivered again"
            self._told.add(Flaw.DUPLICATED, entries.first[number : number + 1], place, detail)
            self._told.count(Flaw.DUPLICATED, int(events[number]) - 1)

    def _account(self, own: Entries) -> None:
        """Notes whose the records are that are not compared."""
        self._accounted = _intervals(own.places, self._reader.others())

    async def _place_cursors(self, places: Places, stamp: int) -> None:
        """Begins each partition at the first event to compare, or where that was first due."""
        firsts = {
            number: int(places.offset[places.partition == number].min())
            for number in np.unique(places.partition).tolist()
        }
        lasts = {
            number: int((places.offset + places.count)[places.partition == number].max())
            for number in firsts
        }
        rest = [number for number in self._bounds if number not in firsts]
        found = await self._log.offsets(self._target.topic, rest, stamp)
        for number, each in self._bounds.items():
            first = firsts.get(number, found.get(number, NOWHERE))
            first = each.stable if first == NOWHERE else first
            until = max(each.stable, lasts.get(number, 0))
            self._cursors[number] = Cursor(self._log, self._target.topic, number, first, until)

    # --- comparing ----------------------------------------------------------------------------

    async def _compare(
        self, entries: Entries, ranges: Sequence[tuple[int, int]], events: Events
    ) -> None:
        self._covered = int(entries.first.min())
        for run in runs(entries):
            self._note_missing(self._covered, run.first)
            locator = Locator(entries, run)
            for first, end in _pieces(run, ranges, entries.skipped):
                async for batch in events.batches(self._flow.key, first, end):
                    await self._window(batch, locator)
                    self._skipped += batch.skipped
            self._covered = max(self._covered, run.end)
        self._skipped += _within(entries.skipped, runs(entries), ranges)
        self._note_missing(self._covered, self._position.next)

    def _note_missing(self, first: int, end: int) -> None:
        """Events that no entry tells of."""
        if end <= first:
            return
        listed = np.arange(first, min(end, first + LISTED))
        self._told.add(Flaw.MISSING, listed, np.full(len(listed), NOWHERE))
        self._told.count(Flaw.MISSING, end - first - len(listed))

    async def _window(self, batch: Batch, locator: Locator) -> None:
        if not batch.rows:
            return
        columns = record_columns(batch, self._target)
        partition = partitions_of(batch, self._target, columns.keys, self._position.partitions)
        offset = locator.offsets(batch.index, partition)
        expected = Rows(place_of(partition, offset), digests_of_columns(columns))
        read = await self._read_up_to(partition, offset)
        claimed = np.isin(read.place, expected.place)
        if not claimed.all():
            self._take_unclaimed(read.take(~claimed))
            read = read.take(claimed)
        self._judge(batch.index, expected, read)

    def _judge(self, index: Ints, expected: Rows, read: Rows) -> None:
        level_timestamps(expected, read)
        self._comparison.compare(index, expected, read)

    async def _read_up_to(self, partition: Ints, offset: Ints) -> Rows:
        """All records up to the last of these places, of each partition that they are in."""
        numbers = [n for n in np.unique(partition).tolist() if n in self._cursors]
        lasts = [int(offset[partition == n].max()) for n in numbers]
        read = await asyncio.gather(
            *(self._cursors[n].up_to(last) for n, last in zip(numbers, lasts, strict=True))
        )
        return all_of(list(read))

    def _take_unclaimed(self, rows: Rows) -> None:
        """Records that are not of the events compared: others', strays, or too new to be judged."""
        partitions, offsets = split_place(rows.place)
        for number in np.unique(partitions).tolist():
            mine = np.flatnonzero(partitions == number)
            theirs = self._held(number, offsets[mine])
            self._others += int(theirs.sum())
            old = offsets[mine] < self._bounds[number].stable
            self._comparison.stray(rows.take(mine[~theirs & old]))

    def _held(self, number: int, offsets: Ints) -> Mask:
        intervals = self._accounted.get(number)
        return np.zeros(len(offsets), np.bool_) if intervals is None else intervals.hold(offsets)

    async def _read_tails(self) -> None:
        for number, cursor in self._cursors.items():
            async for rows in cursor.rest(self._bounds[number].stable):
                self._take_unclaimed(rows)

    # --- whose the rest is --------------------------------------------------------------------

    async def _tell_apart(self, events: Events) -> None:
        if self._comparison.has_strays:
            # Without transactions events lie there a moment before the ledger tells of them.
            await asyncio.sleep(_SETTLING_SECONDS)
            await self._reader.read(await self._log.bounds(ledger.TOPIC))
            own, _ = self._reader.own()
            late = own.take(own.end > self._position.next)
            self._account(late)
            self._comparison.claim(self._claimed)
        wanted = self._comparison.wanted()
        if not len(wanted):
            return
        end = self._position.next + _ON_THE_WAY
        for first, stop in events.recomputable(self._flow.key, end):
            async for batch in events.batches(self._flow.key, first, stop):
                if batch.rows:
                    values = column_digests(record_columns(batch, _bare(self._target)).values)
                    self._comparison.recognise(batch.index, values, wanted)

    def _claimed(self, places: Ints) -> Mask:
        partitions, offsets = split_place(places)
        claimed = np.zeros(len(places), np.bool_)
        for number in np.unique(partitions).tolist():
            mine = partitions == number
            claimed[mine] = self._held(number, offsets[mine])
        return claimed

    def _report(self) -> Report:
        found = self._comparison.findings()
        listed = [*self._told.in_order(), *found.in_order()]
        return Report(
            until=self._position.next,
            checked=self._comparison.checked,
            skipped=self._skipped,
            read=sum(cursor.read for cursor in self._cursors.values()),
            others=self._others,
            totals={flaw: found.totals[flaw] + self._told.totals[flaw] for flaw in Flaw},
            findings=tuple(map(_finding, listed)),
            unchecked=tuple(self._unchecked),
        )


def _finding(found: Found) -> Finding:
    if found.place == NOWHERE:
        return Finding(found.flaw, found.index, {}, found.detail)
    partition, offset = split_place(np.array([found.place]))
    where = {"partition": int(partition[0]), "offset": int(offset[0])}
    return Finding(found.flaw, found.index, where, found.detail)


def _bare(target: KafkaTarget) -> KafkaTarget:
    """The target without what reads further fields."""
    return KafkaTarget(target.topic)


def _intervals(*sides: Places) -> dict[int, Intervals]:
    """By partition, the offsets that any of the places hold."""
    partition = np.concatenate([side.partition for side in sides])
    start = np.concatenate([side.offset for side in sides])
    end = start + np.concatenate([side.count for side in sides])
    return {
        number: Intervals(start[partition == number], end[partition == number])
        for number in np.unique(partition).tolist()
    }


def _pieces(run: Run, ranges: Sequence[tuple[int, int]], skipped: Ints) -> list[tuple[int, int]]:
    """The parts of a run that are to be made again, without what emits nothing."""
    pieces: list[tuple[int, int]] = []
    for start, stop in ranges:
        at, end = max(start, run.first), min(stop, run.end)
        for first, after in sorted(map(tuple, skipped.tolist())):
            if at < end and first < end and after > at:
                if first > at:
                    pieces.append((at, first))
                at = after
        if at < end:
            pieces.append((at, end))
    return pieces


def _inside(entries: Entries, ranges: Sequence[tuple[int, int]]) -> Mask:
    """Which entries can be made again whole."""
    inside = np.zeros(len(entries), np.bool_)
    for start, stop in ranges:
        inside |= (entries.first >= start) & (entries.end <= stop)
    return inside


def _within(skipped: Ints, found: Sequence[Run], ranges: Sequence[tuple[int, int]]) -> int:
    """How many skipped indices lie in the runs that are made again."""
    total = 0
    for first, after in {(int(a), int(b)) for a, b in skipped.tolist()}:
        inside = any(run.first <= first and after <= run.end for run in found)
        again = any(start <= first and after <= stop for start, stop in ranges)
        total += after - first if inside and again else 0
    return total

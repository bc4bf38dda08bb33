"""Verifies a topic: compares its records with the generated events, located by the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Final

import numpy as np

from eventer.core.batch import Batch
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.audit import (
    DEFAULT_LISTED,
    AuditReport,
    EventReplayer,
    Finding,
    Flaw,
    UncheckedRange,
)
from eventer.destinations.base import Flow
from eventer.destinations.comparison import (
    Findings,
    LogComparison,
    RecordDigests,
    UnresolvedFinding,
)
from eventer.destinations.kafka import ledger, position
from eventer.destinations.kafka.ledger_index import (
    NO_LOCATION,
    EntryRun,
    Intervals,
    Ints,
    LedgerEntries,
    Mask,
    OffsetLocator,
    OffsetRanges,
    find_redelivered,
    first_entry_of_current_topic,
    first_retained_entry,
    split_at_gaps,
)
from eventer.destinations.kafka.ledger_reader import LedgerReader
from eventer.destinations.kafka.log_reader import LogReader, PartitionOffsets
from eventer.destinations.kafka.partition_cursor import PartitionCursor
from eventer.destinations.kafka.record_digests import (
    ASPECTS,
    concat_digests,
    digest_columns,
    ignore_broker_timestamps,
    pack_location,
    unpack_location,
)
from eventer.destinations.kafka.record_encoder_cache import RecordEncoderCache
from eventer.destinations.kafka.record_encoding import (
    JSON_RECORDS,
    RecordEncoders,
    encoded_values,
    partitions_of,
    record_columns,
)
from eventer.destinations.kafka.send_plan import kafka_target
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.kernels.kafka.record_reading import column_digests

_IN_FLIGHT_MARGIN: Final = 10_000
"""How many events beyond the position a stray record is compared with."""
_LEDGER_WAIT_SECONDS: Final = 0.5


class KafkaTargetAuditor:
    """Implements `TargetAuditor`."""

    def __init__(self, settings: KafkaSettings, *, cluster: int, shard: int) -> None:
        self._settings = settings
        self._cluster = cluster
        self._shard = shard
        self._log = LogReader(settings)
        self._schemas = RecordEncoderCache(settings)
        self._encoders = JSON_RECORDS
        self._flow: Flow
        self._position = Position()
        self._partition_offsets: Mapping[int, PartitionOffsets] = {}
        self._ledger: Mapping[int, PartitionOffsets] = {}

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `TargetAuditor.open`. The ledger describes the other flows."""
        del others
        self._flow = flow
        await self._log.open()
        if await self._log.partitions(position.TOPIC) > self._shard:
            pages = self._log.read_committed(position.TOPIC, self._shard)
            found = await position.read_positions(pages, self._shard, self._cluster)
            self._position = found.get(flow.key, Position())
        # The order matters: commits below `last_stable` have their entries below the ledger's end.
        self._partition_offsets = await self._log.partition_offsets(kafka_target(flow).topic)
        self._ledger = await self._log.partition_offsets(ledger.TOPIC)
        self._encoders = await self._schemas.find(flow)
        return {flow.key: self._position}

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """See `TargetAuditor.audit`."""
        reader = LedgerReader(self._log, self._flow.key, kafka_target(self._flow).topic)
        await reader.read(self._ledger)
        audit = _Audit(
            self._log,
            self._flow,
            self._encoders,
            self._position,
            self._partition_offsets,
            reader,
            listed,
        )
        try:
            return await audit.run(events)
        finally:
            audit.close()

    async def close(self) -> None:
        """See `TargetAuditor.close`."""
        await self._schemas.close()
        await self._log.close()


@dataclass(slots=True)
class _Audit:
    """One comparison of one topic."""

    log: LogReader
    flow: Flow
    encoders: RecordEncoders
    position: Position
    partition_offsets: Mapping[int, PartitionOffsets]
    reader: LedgerReader
    listed: InitVar[int]
    _comparison: LogComparison = field(init=False)
    _findings: Findings = field(init=False)
    _unchecked: list[UncheckedRange] = field(default_factory=list)
    _covered: int = 0
    _skipped: int = 0
    _others: int = 0
    _cursors: dict[int, PartitionCursor] = field(default_factory=dict)
    _claimed_ranges: dict[int, Intervals] = field(default_factory=dict)
    _others_ranges: dict[int, Intervals] = field(default_factory=dict)

    def __post_init__(self, listed: int) -> None:
        self._comparison = LogComparison(ASPECTS, end=self.position.next, listed=listed)
        self._findings = Findings(listed)

    @property
    def _target(self) -> KafkaTarget:
        return kafka_target(self.flow)

    def close(self) -> None:
        for cursor in self._cursors.values():
            cursor.close()

    async def run(self, events: EventReplayer) -> AuditReport:
        own, timestamps = self.reader.own_entries()
        numbers, end = np.arange(len(own)), self.position.next
        of_current_topic = numbers >= first_entry_of_current_topic(own)
        starts = {n: each.start for n, each in self.partition_offsets.items()}
        kept = numbers >= first_retained_entry(own, starts, of_current_topic)
        kept &= of_current_topic & (own.end <= end)
        again = np.zeros(len(own), np.bool_)
        again[kept] = find_redelivered(own.take(kept))
        current = kept & ~again
        ranges = events.recomputable(self.flow.key, end)
        self._note_unchecked(own.take(kept), ranges, deleted=bool((~kept & (own.end <= end)).any()))
        self._note_redelivered(own.take(again))
        if current.any():
            compared = current & _replayable_entries(own, ranges)
            self._claim_ranges(own.take(of_current_topic & ~compared))
            await self._place_cursors(
                own.take(current).offset_ranges, int(timestamps[np.argmax(current)])
            )
            await self._compare(own.take(current), ranges, events)
            await self._read_tails()
        await self._identify_strays(events)
        return self._report()

    # --- choosing what to compare -------------------------------------------------------------

    def _note_unchecked(
        self, entries: LedgerEntries, ranges: Sequence[tuple[int, int]], *, deleted: bool
    ) -> None:
        end = self.position.next
        first = int(entries.first.min()) if len(entries) else end
        if first > 0:
            what = "the topic no longer has them" if deleted else "the ledger begins after them"
            self._unchecked.append(UncheckedRange(0, first, what))
        at = first
        for start, stop in [*ranges, (end, end)]:
            if start > at:
                reason = "an upgrade changed the events of their template"
                self._unchecked.append(UncheckedRange(at, start, reason))
            at = max(at, stop)

    def _note_redelivered(self, entries: LedgerEntries) -> None:
        """Events that were delivered again; the later delivery is the one that is compared."""
        places = entries.offset_ranges
        events = np.bincount(places.entry, places.count, len(entries)).astype(np.int64)
        for number in np.flatnonzero(events).tolist():
            at = int(np.argmax(places.entry == number))
            location = pack_location(places.partition[at : at + 1], places.offset[at : at + 1])
            first, end = int(entries.first[number]), int(entries.end[number])
            detail = None if end - first == 1 else f"with all up to {end - 1}: delivered again"
            self._findings.add(
                Flaw.DUPLICATED, entries.first[number : number + 1], location, detail
            )
            self._findings.count(Flaw.DUPLICATED, int(events[number]) - 1)

    def _claim_ranges(self, own: LedgerEntries) -> None:
        """Collects the offsets of records that are not compared but have an owner."""
        others = self.reader.others()
        self._claimed_ranges = _intervals(own.offset_ranges, others)
        self._others_ranges = _intervals(others)

    async def _place_cursors(self, places: OffsetRanges, timestamp: int) -> None:
        """Starts each partition at the first event to compare, or else at its time."""
        firsts = {
            number: int(places.offset[places.partition == number].min())
            for number in np.unique(places.partition).tolist()
        }
        lasts = {
            number: int((places.offset + places.count)[places.partition == number].max())
            for number in firsts
        }
        rest = [number for number in self.partition_offsets if number not in firsts]
        found = await self.log.offsets(self._target.topic, rest, timestamp)
        for number, each in self.partition_offsets.items():
            first = firsts.get(number, found.get(number, NO_LOCATION))
            first = each.last_stable if first == NO_LOCATION else first
            until = max(each.last_stable, lasts.get(number, 0))
            self._cursors[number] = PartitionCursor(
                self.log, self._target.topic, number, first, until
            )

    # --- comparing ----------------------------------------------------------------------------

    async def _compare(
        self, entries: LedgerEntries, ranges: Sequence[tuple[int, int]], events: EventReplayer
    ) -> None:
        self._covered = int(entries.first.min())
        for run in split_at_gaps(entries):
            self._note_missing(self._covered, run.first)
            locator = OffsetLocator(entries, run)
            for first, end in _ranges_to_replay(run, ranges, entries.skipped):
                cursor = entries.cursor(run.start) if first == run.first else None
                async for batch in events.batches(self.flow.key, first, end, cursor):
                    await self._compare_batch(batch, locator)
                    self._skipped += batch.count - batch.rows
            self._covered = max(self._covered, run.end)
        self._skipped += _count_skipped(entries.skipped, split_at_gaps(entries), ranges)
        self._note_missing(self._covered, self.position.next)

    def _note_missing(self, first: int, end: int) -> None:
        """Events that are in no entry."""
        if end <= first:
            return
        listed = np.arange(first, min(end, first + DEFAULT_LISTED))
        self._findings.add(Flaw.MISSING, listed, np.full(len(listed), NO_LOCATION))
        self._findings.count(Flaw.MISSING, end - first - len(listed))

    async def _compare_batch(self, batch: Batch, locator: OffsetLocator) -> None:
        if not batch.rows:
            return
        columns = record_columns(batch, self._target, self.encoders)
        partition = partitions_of(batch, self._target, columns.keys, self.position.partitions)
        offset = locator.offsets(batch.index, partition)
        expected = RecordDigests(pack_location(partition, offset), digest_columns(columns))
        read = await self._read_up_to(partition, offset)
        claimed = np.isin(read.location, expected.location)
        if not claimed.all():
            self._take_unclaimed(read.take(~claimed))
            read = read.take(claimed)
        ignore_broker_timestamps(expected, read)
        self._comparison.compare(batch.index, expected, read)

    async def _read_up_to(self, partition: Ints, offset: Ints) -> RecordDigests:
        """All records up to the last of these offsets, of each of the partitions."""
        numbers = [n for n in np.unique(partition).tolist() if n in self._cursors]
        lasts = [int(offset[partition == n].max()) for n in numbers]
        read = await asyncio.gather(
            *(self._cursors[n].read_up_to(last) for n, last in zip(numbers, lasts, strict=True))
        )
        return concat_digests(list(read))

    def _take_unclaimed(self, rows: RecordDigests) -> None:
        """Sorts records that belong to no compared event: others', strays, or too new."""
        claimed = _inside(self._claimed_ranges, rows.location)
        self._others += int(_inside(self._others_ranges, rows.location).sum())
        old = np.zeros(len(rows), np.bool_)
        partitions, offsets = unpack_location(rows.location)
        for number, each in self.partition_offsets.items():
            old |= (partitions == number) & (offsets < each.last_stable)
        self._comparison.add_strays(rows.take(~claimed & old))

    async def _read_tails(self) -> None:
        for number, cursor in self._cursors.items():
            async for rows in cursor.read_rest(self.partition_offsets[number].last_stable):
                self._take_unclaimed(rows)

    # --- identifying the rest -----------------------------------------------------------------

    async def _identify_strays(self, events: EventReplayer) -> None:
        if self._comparison.has_strays:
            # Without transactions events are in the topic a moment before they are in the ledger.
            await asyncio.sleep(_LEDGER_WAIT_SECONDS)
            await self.reader.read(await self.log.partition_offsets(ledger.TOPIC))
            own, _ = self.reader.own_entries()
            late = own.take(own.end > self.position.next)
            self._claim_ranges(late)
            self._comparison.discard_claimed(lambda them: _inside(self._claimed_ranges, them))
        digests_to_find = self._comparison.digests_to_find()
        if not len(digests_to_find):
            return
        end = self.position.next + _IN_FLIGHT_MARGIN
        for first, stop in events.recomputable(self.flow.key, end):
            async for batch in events.batches(self.flow.key, first, stop):
                if batch.rows:
                    values = column_digests(encoded_values(batch, self.encoders))
                    self._comparison.identify(batch.index, values, digests_to_find)

    def _report(self) -> AuditReport:
        found = self._comparison.findings()
        listed = [*self._findings.sorted_by_event(), *found.sorted_by_event()]
        return AuditReport(
            until=self.position.next,
            checked=self._comparison.checked,
            skipped=self._skipped,
            read=sum(cursor.read for cursor in self._cursors.values()),
            others=self._others,
            totals={flaw: found.totals[flaw] + self._findings.totals[flaw] for flaw in Flaw},
            findings=tuple(map(_finding, listed)),
            unchecked=tuple(self._unchecked),
        )


def _finding(found: UnresolvedFinding) -> Finding:
    if found.location == NO_LOCATION:
        return Finding(found.flaw, found.index, {}, found.detail)
    partition, offset = unpack_location(np.array([found.location]))
    where = {"partition": int(partition[0]), "offset": int(offset[0])}
    return Finding(found.flaw, found.index, where, found.detail)


def _intervals(*sides: OffsetRanges) -> dict[int, Intervals]:
    """The offsets of all of the ranges, by partition."""
    partition = np.concatenate([side.partition for side in sides])
    start = np.concatenate([side.offset for side in sides])
    end = start + np.concatenate([side.count for side in sides])
    return {
        number: Intervals(start[partition == number], end[partition == number])
        for number in np.unique(partition).tolist()
    }


def _inside(ranges: Mapping[int, Intervals], locations: Ints) -> Mask:
    """Which locations are in these ranges of offsets."""
    partitions, offsets = unpack_location(locations)
    inside = np.zeros(len(locations), np.bool_)
    for number, intervals in ranges.items():
        mine = partitions == number
        inside[mine] = intervals.contains(offsets[mine])
    return inside


def _ranges_to_replay(
    run: EntryRun, ranges: Sequence[tuple[int, int]], skipped: Ints
) -> list[tuple[int, int]]:
    """The parts of a run to generate again, without skipped indices."""
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


def _replayable_entries(entries: LedgerEntries, ranges: Sequence[tuple[int, int]]) -> Mask:
    """Which entries can be generated again completely."""
    inside = np.zeros(len(entries), np.bool_)
    for start, stop in ranges:
        inside |= (entries.first >= start) & (entries.end <= stop)
    return inside


def _count_skipped(
    skipped: Ints, found: Sequence[EntryRun], ranges: Sequence[tuple[int, int]]
) -> int:
    """How many skipped indices are in the runs that are generated again."""
    total = 0
    for first, after in {(int(a), int(b)) for a, b in skipped.tolist()}:
        inside = any(run.first <= first and after <= run.end for run in found)
        again = any(start <= first and after <= stop for start, stop in ranges)
        total += after - first if inside and again else 0
    return total

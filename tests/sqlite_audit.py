"""The auditor of the SQLite destination, whose rows have a generator and an index."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from eventer.core.batch import EventRows
from eventer.core.errors import DestinationUnavailableError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.audit import (
    DEFAULT_LISTED,
    AuditReport,
    EventReplayer,
    Finding,
    Flaw,
    UncheckedRange,
    unreplayable_ranges,
)
from eventer.destinations.base import Flow
from eventer.destinations.comparison import NO_LOCATION, Findings, LogComparison, RecordDigests
from tests.sqlite_destination import (
    name_of,
    open_store,
    poison_errors,
    read_position,
    written_texts,
)


class SqliteTargetAuditor:
    """Implements `TargetAuditor`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flow: Flow
        self._position = Position()
        self._rows: list[tuple[int, str, int, int, str | None]] = []

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `TargetAuditor.open`."""
        del others
        if (self._folder / "down").exists():
            raise DestinationUnavailableError("the server is down", hint="remove the file `down`")
        assert isinstance(flow.target, KafkaTarget)
        self._flow = flow
        with closing(open_store(self._folder)) as database:
            self._position = read_position(database, flow.key) or Position()
            self._rows = _rows(database, flow.target.topic)
        return {flow.key: self._position}

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """See `TargetAuditor.audit`."""
        end, own, op = self._position.next, name_of(self._flow.key), self._flow.target.op
        comparison = LogComparison(("value", "timestamp"), end=end, listed=listed)
        locations: dict[int, int] = {}
        for location, name, number, _, _ in self._rows:
            if name == own and locations.setdefault(number, location) != location:
                comparison.add_redelivered(np.array([number]), np.array([location]))
        there = {
            row[0]: _digests(None if row[4] is None else row[4].encode(), row[3])
            for row in self._rows
        }
        comparison.add_strays(_read(there, [row[0] for row in self._rows if not row[1]]))
        skipped, ranges = 0, events.recomputable(self._flow.key, end)
        for first, stop in ranges:
            async for replayed in events.batches(self._flow.key, first, stop):
                batch = replayed.without([error.index for error in poison_errors(replayed)])
                at = [locations.get(n, NO_LOCATION) for n in batch.index.tolist()]
                comparison.compare(batch.index, _expected(batch, at, op), _read(there, at))
                skipped += batch.count - batch.rows
        if len(digests_to_find := comparison.digests_to_find()):
            for first, stop in ranges:
                async for batch in events.batches(self._flow.key, first, stop):
                    at = [NO_LOCATION] * batch.rows
                    values = _expected(batch, at, None).digests[:, 0]
                    comparison.identify(batch.index, values, digests_to_find)
        others = sum(1 for row in self._rows if row[1] not in {own, ""})
        unchecked = tuple(
            UncheckedRange(a, b, "changed") for a, b in unreplayable_ranges(ranges, end)
        )
        findings = comparison.findings()
        return AuditReport(
            until=end,
            checked=comparison.checked,
            skipped=skipped,
            read=len(self._rows),
            others=others,
            totals=findings.totals,
            findings=tuple(_findings(findings)),
            unchecked=unchecked,
        )

    async def close(self) -> None:
        """There is no connection to close."""


def _rows(database: sqlite3.Connection, topic: str) -> list[tuple[int, str, int, int, str | None]]:
    return database.execute(
        "select rowid, generator, number, scheduled, text from event where topic = ?"
        " order by rowid",
        (topic,),
    ).fetchall()


def _digests(text: bytes | None, scheduled: int) -> tuple[int, int]:
    digest = hashlib.blake2b(text or b"", digest_size=8).digest()
    return int.from_bytes(digest, "little"), scheduled


def _expected(batch: EventRows, at: Sequence[int], op: str | None) -> RecordDigests:
    texts, times = written_texts(batch, op), batch.scheduled.tolist()
    digests = [_digests(text, time) for text, time in zip(texts, times, strict=True)]
    return RecordDigests(np.array(at, np.int64), np.array(digests, np.uint64).reshape(len(at), 2))


def _read(there: Mapping[int, tuple[int, int]], at: Sequence[int]) -> RecordDigests:
    found = [location for location in at if location in there]
    digests = np.array([there[location] for location in found], np.uint64)
    return RecordDigests(np.array(found, np.int64), digests.reshape(len(found), 2))


def _findings(findings: Findings) -> list[Finding]:
    return [
        Finding(
            found.flaw,
            found.index,
            {} if found.location == NO_LOCATION else {"row": found.location},
            found.detail,
        )
        for found in findings.sorted_by_event()
        if found.flaw in Flaw
    ]

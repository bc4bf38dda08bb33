"""Audits a folder: compares the rows of each part with the recomputed events of its range."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Position, PositionKey
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
    NO_LOCATION,
    Findings,
    KeyedDigests,
    UnresolvedFinding,
    compare_appended,
    concat_keyed,
)
from eventer.destinations.file.expected_rows import ExpectedRows, SpanRows, adjacent_spans
from eventer.destinations.file.file_flow import FileFlow
from eventer.destinations.file.row_digests import digest_rows
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.file.target_snapshot import TargetSnapshot, take_snapshot

_UPGRADED_REASON: Final = "an upgrade changed the events of their template"
_ROW_BITS: Final = 40
"""A location is the number of a file and, in these bits, the number of a row."""
_NO_OTHERS: Final = np.zeros(0, np.uint64)


class FileTargetAuditor:
    """Implements `TargetAuditor`."""

    def __init__(self, settings: FileSettings, *, cluster: int) -> None:
        self._root = settings.root
        self._cluster = cluster
        self._flow: Flow
        self._snapshot: TargetSnapshot

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `TargetAuditor.open`."""
        self._flow = flow
        file_flow = FileFlow(self._root, flow)
        self._snapshot = await asyncio.to_thread(
            take_snapshot, self._root, file_flow.folder, self._cluster, file_flow.format.extension
        )
        known = self._snapshot.positions
        return {each.key: known.get(each.key, Position()) for each in (flow, *others)}

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """See `TargetAuditor.audit`."""
        return await _Audit(self._root, self._flow, self._snapshot, events, listed).run()

    async def close(self) -> None:
        """See `TargetAuditor.close`."""


class _Files:
    """The files that are read, by number: a location names a file and a row."""

    def __init__(self, flow: FileFlow) -> None:
        self.flow = flow
        self._paths: list[Path] = []
        self._rows: dict[Path, int] = {}

    def read(self, path: Path) -> pa.Table:
        """The rows of a file.

        Raises:
            DestinationRejectedError: it cannot be read.
        """
        try:
            table = self.flow.format.read(path, self.flow.shape)
        except (OSError, pa.ArrowException) as error:
            raise DestinationRejectedError(
                f"{path} cannot be read: {error}", hint="remove the file if it is damaged"
            ) from error
        self._rows[path] = len(table)
        return table

    def rows(self, path: Path) -> int:
        """The number of rows of a file."""
        return self._rows[path] if path in self._rows else len(self.read(path))

    def digests(self, path: Path, table: pa.Table, names: Sequence[str]) -> KeyedDigests:
        """The digests of the rows of a file; their numbers are their locations."""
        self._paths.append(path)
        first = (len(self._paths) - 1) << _ROW_BITS
        return digest_rows(table, names, first + np.arange(len(table), dtype=np.int64))

    def finding(self, found: UnresolvedFinding) -> Finding:
        """A finding with its file and row."""
        if found.location == NO_LOCATION:
            return Finding(found.flaw, found.index, {}, found.detail)
        path = self._paths[found.location >> _ROW_BITS].relative_to(self.flow.folder)
        row = found.location & ((1 << _ROW_BITS) - 1)
        return Finding(found.flaw, found.index, {"file": str(path), "row": row}, found.detail)


class _Audit:
    """One comparison of a folder with the events of its generator."""

    def __init__(
        self,
        root: Path,
        flow: Flow,
        snapshot: TargetSnapshot,
        events: EventReplayer,
        listed: int,
    ) -> None:
        self._snapshot = snapshot
        self._findings = Findings(listed)
        self._files = _Files(FileFlow(root, flow))
        self._end = snapshot.positions.get(flow.key, Position()).next
        self._expected = ExpectedRows(self._files.flow, flow.key, events, self._end)
        self._own = snapshot.parts_of(flow.key)

    async def run(self) -> AuditReport:
        """The result."""
        spans = adjacent_spans([part.span for part in self._own], self._end)
        placed = [part for part in self._own if part.span in set(spans)]
        async for rows in self._expected.by_span(spans):
            parts = [part.path for part in placed if part.span == rows.span]
            await asyncio.to_thread(self._compare, rows, parts)
        rest = [part.path for part in self._own if part not in placed]
        await self._compare_further_files([*rest, *self._snapshot.others])
        return await asyncio.to_thread(self._report)

    def _compare(self, rows: SpanRows, parts: Sequence[Path]) -> None:
        """Compares parts with the events of their range."""
        read = [(path, self._files.read(path)) for path in parts]
        names = _names([rows.table, *(table for _, table in read)])
        found = concat_keyed([self._files.digests(path, table, names) for path, table in read])
        events = digest_rows(rows.table, names, rows.index)
        compare_appended(events, found, _NO_OTHERS, self._findings, foreign=rows.complete)

    async def _compare_further_files(self, paths: Sequence[Path]) -> None:
        """Rows in files that are not parts of a range: copies of events, or foreign rows."""
        if not paths:
            return
        tables = [(path, await asyncio.to_thread(self._files.read, path)) for path in paths]
        names = _names([table for _, table in tables])
        found = concat_keyed([self._files.digests(path, table, names) for path, table in tables])
        known: dict[int, int] = {}
        async for rows in self._expected.by_span(adjacent_spans((), self._end)):
            digests = digest_rows(rows.table, names, rows.index)
            for row in np.flatnonzero(np.isin(digests.content, found.content)).tolist():
                known.setdefault(int(digests.content[row]), int(digests.number[row]))
        index = np.array([known.get(each, -1) for each in found.content.tolist()], np.int64)
        copies = index >= 0
        self._findings.add(Flaw.DUPLICATED, index[copies], found.number[copies])
        if not self._expected.gaps:
            self._findings.add(Flaw.FOREIGN, index[~copies], found.number[~copies])

    def _report(self) -> AuditReport:
        own = [part.path for part in self._own]
        others = [part.path for part in self._snapshot.parts if part.path not in set(own)]
        mine, theirs = (
            sum(self._files.rows(path) for path in paths)
            for paths in ([*own, *self._snapshot.others], others)
        )
        return AuditReport(
            until=self._end,
            checked=self._expected.checked,
            skipped=self._expected.skipped,
            read=mine + theirs,
            others=theirs,
            totals=self._findings.totals,
            findings=tuple(map(self._files.finding, self._findings.sorted_by_event())),
            unchecked=tuple(
                UncheckedRange(first, end, _UPGRADED_REASON) for first, end in self._expected.gaps
            ),
        )


def _names(tables: Sequence[pa.Table]) -> list[str]:
    return sorted({name for table in tables for name in table.column_names})

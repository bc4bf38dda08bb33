"""Audits a table: compares its rows in one snapshot with recomputed events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

import numpy as np

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import JsonValue, Position, PositionKey
from eventer.destinations.audit import (
    DEFAULT_LISTED,
    AuditReport,
    EventReplayer,
    Finding,
    FindingPlace,
    Flaw,
    UncheckedRange,
    unreplayable_ranges,
)
from eventer.destinations.base import Flow
from eventer.destinations.comparison import (
    NO_LOCATION,
    Digests,
    Findings,
    KeyedDigests,
    UnresolvedFinding,
    compare_appended,
    compare_upserted,
    concat_keyed,
)
from eventer.destinations.mysql.errors import translate_errors
from eventer.destinations.mysql.identifiers import parse_table, quote
from eventer.destinations.mysql.position import START, FlowPosition, read_positions
from eventer.destinations.mysql.row_digests import RowDigester, comparable_columns
from eventer.destinations.mysql.row_encoding import encode_rows
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.settings import MysqlSettings
from eventer.destinations.mysql.table_catalog import read_table, target_of
from eventer.destinations.mysql.table_columns import (
    Table,
    TableMapping,
    map_table,
    missing_columns,
    new_table,
    table_fields,
)

_SNAPSHOT: Final = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_STATEMENT_TIMEOUT_SECONDS: Final = 86_400.0
_ROWS_PER_READ: Final = 10_000
_UPGRADED_REASON: Final = "an upgrade changed the events of their template"


@dataclass(frozen=True, slots=True)
class _Source:
    """A generator that delivers to the table, its mapping and its position."""

    flow: Flow
    mapping: TableMapping
    position: Position


class MysqlTargetAuditor:
    """Implements `TargetAuditor`."""

    def __init__(self, settings: MysqlSettings) -> None:
        self._settings = replace(settings, statement_timeout=_STATEMENT_TIMEOUT_SECONDS)
        self._session = Session(self._settings)
        self._flows: tuple[Flow, ...] = ()
        self._positions: Mapping[PositionKey, FlowPosition] = {}
        self._table: Table | None = None

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `TargetAuditor.open`."""
        self._flows = (flow, *others)
        with translate_errors(self._settings.address):
            await self._session.run(self._take_snapshot)
        return {each.key: self._position(each).position for each in self._flows}

    def _take_snapshot(self) -> None:
        session = self._session
        session.connect()
        self._table = read_table(session, parse_table(target_of(self._flows[0]).table))
        own_tables = session.fetch("SHOW TABLES LIKE 'eventer\\_positions'")
        session.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute(_SNAPSHOT)
        if own_tables:
            self._positions = read_positions(session, [each.key for each in self._flows])

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """See `TargetAuditor.audit`."""
        own, notes, others = self._source(self._flows[0]), list[str](), list[_Source]()
        for flow in self._flows[1:]:
            if not self._position(flow).position.next:
                continue
            try:
                others.append(self._source(flow))
            except DestinationRejectedError as error:
                notes.append(f"generator {flow.key.generator} is not compared: {error.message}")
        with translate_errors(self._settings.address):
            audit = _Audit(self._session, self._table, (own, *others), events, notes)
            return await audit.run(Findings(listed))

    def _position(self, flow: Flow) -> FlowPosition:
        return self._positions.get(flow.key, START)

    def _source(self, flow: Flow) -> _Source:
        target, stored = target_of(flow), self._position(flow)
        fields = table_fields(flow.shape, target, stored.fields)
        table = self._table or new_table(parse_table(target.table), fields, target)
        missing = missing_columns(fields, table)
        if missing and stored.position.next:
            names = ", ".join(quote(field.name) for field in missing)
            raise DestinationRejectedError(f"{table.name} no longer has the column {names}")
        return _Source(flow, map_table(fields, target, table, complete=False), stored.position)

    async def close(self) -> None:
        """See `TargetAuditor.close`."""
        await self._session.close()


class _Audit:
    """One comparison of a table with its events."""

    def __init__(
        self,
        session: Session,
        table: Table | None,
        sources: Sequence[_Source],
        events: EventReplayer,
        notes: list[str],
    ) -> None:
        self._session, self._table = session, table
        own, *self._others = sources
        self._own = own
        self._events, self._notes = events, notes
        fields = {field.name: field for each in sources for field in each.mapping.columns}
        if own.mapping.key:
            fields = {field.name: field for field in own.mapping.columns}
        compared, ignored = comparable_columns(tuple(fields.values()), table)
        self._notes += ignored
        self._digester = RowDigester(compared, own.mapping.key)
        self._ranges = events.recomputable(own.flow.key, own.position.next)
        self._checked = 0

    async def run(self, findings: Findings) -> AuditReport:
        """The result."""
        end, key = self._own.position.next, self._own.mapping.key
        gaps = unreplayable_ranges(self._ranges, end)
        complete = not gaps and not any(map(self._has_gaps, self._others))
        if not complete:
            self._notes.append(
                "foreign rows are not reported, since some events cannot be recomputed"
            )
        events = concat_keyed([part async for part in self._replayed(self._own)])
        self._checked = len(events)
        rows = concat_keyed(await self._session.run(lambda: list(self._rows())))
        others = await self._digests_of_others()
        compare = compare_upserted if key else compare_appended
        compare(events, rows, others, findings, foreign=complete)
        skipped = sum(stop - first for first, stop in self._ranges) - self._checked
        if not gaps:
            position = self._own.position
            self._discount_rejected(findings, position.skipped + position.dropped - skipped)
        return AuditReport(
            until=end,
            checked=self._checked,
            skipped=skipped,
            read=len(rows),
            others=self._count_others(rows, others, findings),
            totals=findings.totals,
            findings=tuple(await self._listed(findings)),
            unchecked=tuple(UncheckedRange(first, stop, _UPGRADED_REASON) for first, stop in gaps),
            notes=tuple(self._notes),
        )

    def _has_gaps(self, source: _Source) -> bool:
        end = source.position.next
        return bool(unreplayable_ranges(self._events.recomputable(source.flow.key, end), end))

    def _count_others(self, rows: KeyedDigests, others: Digests, findings: Findings) -> int:
        if self._own.mapping.key:
            return int(np.isin(rows.key, others).sum())
        totals = findings.totals
        ours = self._checked - totals[Flaw.MISSING] + totals[Flaw.DUPLICATED]
        return max(0, len(rows) - ours - totals[Flaw.FOREIGN])

    def _discount_rejected(self, findings: Findings, rejected: int) -> None:
        """Discards absent events if the delivery skipped as many that the table rejected.

        The position stores their number, but not their indices.
        """
        absent = (Flaw.MISSING, Flaw.REORDERED)
        if 0 < sum(findings.totals[flaw] for flaw in absent) <= rejected:
            findings.discard(absent)
            self._notes.append(f"{rejected} events were skipped, since the table rejected them")

    async def _replayed(self, source: _Source) -> AsyncIterator[KeyedDigests]:
        """The events of a generator, without those that do not fit."""
        end = source.position.next
        for first, stop in self._events.recomputable(source.flow.key, end):
            async for batch in self._events.batches(source.flow.key, first, stop):
                yield self._digests_of(source.mapping, batch)

    def _digests_of(self, mapping: TableMapping, batch: Batch) -> KeyedDigests:
        operations = encode_rows(mapping, [batch]).operations
        return self._digester.events(mapping, operations)

    async def _digests_of_others(self) -> Digests:
        found = [np.zeros(0, np.uint64)]
        for source in self._others:
            found += [part.key async for part in self._replayed(source)]
        return np.concatenate(found)

    def _rows(self) -> Iterator[KeyedDigests]:
        """All rows of the snapshot, by their number. Blocks."""
        at = 0
        for rows in self._read():
            yield self._digester.rows(rows, at)
            at += len(rows)

    def _read(self) -> Iterator[Sequence[tuple[Any, ...]]]:
        if self._table is None:
            return
        names = ", ".join(quote(column.name) for column in self._digester.columns)
        cursor = self._session.stream(
            f"SELECT {names} FROM {self._table.name}"  # noqa: S608  names are quoted
        )
        try:
            while rows := cursor.fetchmany(_ROWS_PER_READ):
                yield rows
        finally:
            cursor.close()

    async def _listed(self, findings: Findings) -> list[Finding]:
        found = findings.sorted_by_event()
        numbers = {each.location for each in found} - {NO_LOCATION}
        places = await self._session.run(lambda: self._places(numbers)) if numbers else {}
        return [await self._finding(each, places) for each in found]

    async def _finding(
        self, found: UnresolvedFinding, places: Mapping[int, FindingPlace]
    ) -> Finding:
        place = places.get(found.location, {})
        if found.location == NO_LOCATION and found.index is not None:
            place = await self._key_of(found.index)
        return Finding(found.flaw, found.index, place, found.detail)

    def _places(self, numbers: set[int]) -> dict[int, FindingPlace]:
        """The keys of rows, or the rows themselves in a table without a key. Blocks."""
        places: dict[int, FindingPlace] = {}
        row_number = count()
        for rows in self._read():
            for row in rows:
                if (number := next(row_number)) in numbers:
                    places[number] = self._digester.place(row)
        return places

    async def _key_of(self, index: int) -> FindingPlace:
        """The key of an event that has no row."""
        key: dict[str, JsonValue] = {}
        async for batch in self._events.batches(self._own.flow.key, index, index + 1):
            for operation in encode_rows(self._own.mapping, [batch]).operations:
                key = self._digester.key_values(self._own.mapping, operation)
        return {"key": key} if key else {}

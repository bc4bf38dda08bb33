"""Audits a table: compares its rows in one snapshot with recomputed events.

It compares the binary form of all values. If only the server knows the form of a value (jsonb, or a
column of another type than the field's), it reads the events back from a staging table.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import asyncpg
import numpy as np

from eventer.core.batch import Batch, EventRows
from eventer.core.errors import DestinationError, DestinationRejectedError
from eventer.core.model import ColumnType, JsonValue, Position, PositionKey
from eventer.core.pointer import format_pointer
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
    DELETED,
    NO_LOCATION,
    Digests,
    Findings,
    KeyedDigests,
    UnresolvedFinding,
    compare_appended,
    compare_upserted,
    concat_keyed,
)
from eventer.destinations.postgres.column_encoder import RejectedRowsError
from eventer.destinations.postgres.column_types import ColumnTypes, read_column_types
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    translate_errors,
)
from eventer.destinations.postgres.identifiers import parse_table, quote
from eventer.destinations.postgres.match_schema import (
    TableMapping,
    match_schema,
    missing_columns,
    table_fields,
)
from eventer.destinations.postgres.position import FlowPosition, read_positions
from eventer.destinations.postgres.prepared_flows import target_of
from eventer.destinations.postgres.row_digester import ComparedColumns, RowDigester, read_rows
from eventer.destinations.postgres.session import connect, disconnect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.system_catalog import Table, read_table
from eventer.destinations.postgres.table_creation import table_to_create

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_STATEMENT_TIMEOUT_SECONDS: Final = 86_400.0
_ROWS_PER_PASS: Final = 4_000_000
"""Rows in memory at a time, 24 bytes each; larger tables take several passes."""
_LINE_POINTER_BITS: Final = 16
_UPGRADED_REASON: Final = "an upgrade changed the events of their template"


_Partition: TypeAlias = Callable[[KeyedDigests], KeyedDigests]


@dataclass(frozen=True, slots=True)
class _ContributingFlow:
    """A generator that delivers to the table, and its mapping.

    `retyped` has a sentence for each column whose type was another one when it was written first.
    """

    flow: Flow
    mapping: TableMapping
    position: Position
    retyped: tuple[str, ...] = ()

    def delivered(self, events: KeyedDigests) -> KeyedDigests:
        """The digests of events as it delivered them: equal to no row if a column was retyped."""
        if not self.retyped:
            return events
        key = events.key if self.mapping.key else ~events.key
        content = np.where(events.deletes, DELETED, ~events.content)
        return KeyedDigests(key, content, events.number)


class PostgresTargetAuditor:
    """Implements `TargetAuditor`."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = replace(settings, statement_timeout=_STATEMENT_TIMEOUT_SECONDS)
        self._client: asyncpg.Connection | None = None
        self._row_digester = RowDigester(self._settings)
        self._flows: tuple[Flow, ...] = ()
        self._flow_positions: Mapping[PositionKey, FlowPosition] = {}
        self._column_types: Mapping[PositionKey, ColumnTypes] = {}
        self._table: Table | None = None

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `TargetAuditor.open`."""
        self._flows = (flow, *others)
        with translate_errors(self._settings.address):
            client = self._client = await connect(self._settings)
            await client.execute(_SNAPSHOT)
            if await client.fetchval("SELECT to_regclass('eventer.position') IS NOT NULL"):
                keys = [each.key for each in self._flows]
                self._flow_positions = await read_positions(client, keys)
                self._column_types = await read_column_types(client, keys)
            self._table = await read_table(client, parse_table(target_of(flow).table))
        return {each.key: self._flow_position(each).position for each in self._flows}

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """See `TargetAuditor.audit`."""
        own, notes = self._source(self._flows[0]), list[str]()
        other_flows = list(self._other_flows(notes))
        assert self._client is not None
        with translate_errors(self._settings.address):
            table = _TableSnapshot(self._client, self._row_digester, self._table, events)
            return await _Audit(table, own, other_flows, Findings(listed), notes).run()

    def _flow_position(self, flow: Flow) -> FlowPosition:
        return self._flow_positions.get(flow.key, FlowPosition(Position()))

    def _other_flows(self, notes: list[str]) -> Sequence[_ContributingFlow]:
        """The other generators that have delivered to the table."""
        found = []
        for flow in self._flows[1:]:
            if not self._flow_position(flow).position.next:
                continue
            try:
                found.append(self._source(flow))
            except DestinationError as error:
                notes.append(f"generator {flow.key.generator} is not compared: {error.message}")
        return found

    def _source(self, flow: Flow) -> _ContributingFlow:
        target, flow_position = target_of(flow), self._flow_position(flow)
        fields = table_fields(flow.shape, target, flow_position.fields)
        table = self._table or table_to_create(parse_table(target.table), fields, target)
        missing = missing_columns(fields, table)
        if missing and flow_position.position.next:
            names = ", ".join(quote(field.name) for field in missing)
            raise DestinationRejectedError(f"{table.name} no longer has the column {names}")
        mapping = match_schema(fields, target, table, complete=False)
        for column in mapping.columns:
            if column.name in mapping.key and column.collation:
                raise DestinationRejectedError(
                    f"{table.name} cannot be verified: the collation of its key column "
                    f"{quote(column.name)} equates different texts"
                )
        known = self._column_types.get(flow.key)
        retyped = () if known is None else tuple(known.changes(mapping))
        return _ContributingFlow(flow, mapping, flow_position.position, retyped)

    async def close(self) -> None:
        """See `TargetAuditor.close`."""
        await self._row_digester.close()
        await disconnect(self._client)


class _TableSnapshot:
    """The rows of the table in its snapshot, and the events as such rows."""

    def __init__(
        self,
        client: asyncpg.Connection,
        row_digester: RowDigester,
        table: Table | None,
        events: EventReplayer,
    ) -> None:
        self._client = client
        self._row_digester = row_digester
        self._table = table
        self.events = events

    async def rows(self, compared_columns: ComparedColumns) -> AsyncIterator[KeyedDigests]:
        """All rows; none if the table does not exist."""
        if self._table is not None:
            async for rows in read_rows(self._client, self._table.name, compared_columns):
                yield rows

    async def replayed(
        self, source: _ContributingFlow, compared_columns: ComparedColumns, first: int, end: int
    ) -> AsyncIterator[KeyedDigests]:
        """The events [first, end) of a generator, without those that the table rejects."""
        async for batch in self.events.batches(source.flow.key, first, end):
            async for part in self._accepted(source.mapping, compared_columns, batch):
                yield part

    async def _accepted(
        self, mapping: TableMapping, compared_columns: ComparedColumns, batch: Batch
    ) -> AsyncIterator[KeyedDigests]:
        """The events of a batch that Eventer and the server can convert."""
        try:
            parts = [await self._row_digester.digests(mapping, compared_columns, batch)]
            rest: list[Batch] = []
        except RejectedRowsError as error:
            misfits = [each.index for each in error.errors if each.index is not None]
            parts, rest = [], [batch.without(misfits)]
        except asyncpg.PostgresError as error:
            if classify_error(error) is not ErrorCategory.REJECTED:
                raise
            halves = np.array_split(batch.index, 2) if batch.rows > 1 else []
            parts, rest = [], [batch.without(half.tolist()) for half in reversed(halves)]
        for part in parts:
            yield part
        for left in rest:
            async for part in self._accepted(mapping, compared_columns, left):
                yield part

    async def describe(
        self, found: Sequence[UnresolvedFinding], key: Sequence[str]
    ) -> dict[int, FindingPlace]:
        """The ctid and the values of the key of the found rows, by their number."""
        numbers = sorted({each.location for each in found} - {NO_LOCATION})
        if not numbers or self._table is None:
            return {}
        columns = ", ".join(f"to_jsonb({quote(name)})::text" for name in key)
        addresses = [f"({n >> _LINE_POINTER_BITS},{n & 0xFFFF})" for n in numbers]
        rows = await self._client.fetch(
            f"SELECT ctid::text{', ' if key else ''}{columns} FROM {self._table.name} "  # noqa: S608  names are quoted
            "WHERE ctid = ANY ($1::text[]::tid[])",
            addresses,
        )
        keys = {row[0]: [json.loads(text or "null") for text in list(row)[1:]] for row in rows}
        return {
            number: _row_location(address, dict(zip(key, keys.get(address, ()), strict=False)))
            for number, address in zip(numbers, addresses, strict=True)
        }


def _row_location(address: str, key: Mapping[str, JsonValue]) -> FindingPlace:
    return {"row": address, **({"key": key} if key else {})}


class _Audit:
    """One comparison of a table with its events."""

    def __init__(
        self,
        snapshot: _TableSnapshot,
        own: _ContributingFlow,
        other_flows: Sequence[_ContributingFlow],
        findings: Findings,
        notes: list[str],
    ) -> None:
        self._snapshot = snapshot
        self._own = own
        self._other_flows = other_flows
        self._findings = findings
        self._notes = notes
        self._checked = self._read = self._others = 0
        self._ranges = self._replayable_ranges(own)
        self._notes += own.retyped
        names = [column.name for column in own.mapping.columns]
        if not own.mapping.key:
            names += sorted(
                {c.name for each in other_flows for c in each.mapping.columns} - {*names}
            )
        self._compared_columns = ComparedColumns(tuple(names), own.mapping.key)

    def _replayable_ranges(self, source: _ContributingFlow) -> Sequence[tuple[int, int]]:
        return self._snapshot.events.recomputable(source.flow.key, source.position.next)

    async def run(self) -> AuditReport:
        end = self._own.position.next
        gaps = unreplayable_ranges(self._ranges, end)
        complete = not gaps and not any(
            unreplayable_ranges(self._replayable_ranges(each), each.position.next)
            for each in self._other_flows
        )
        if not complete:
            self._notes.append(
                "foreign rows are not reported, since some events cannot be recomputed"
            )
        size = max(end, sum(each.position.next for each in self._other_flows))
        passes = max(1, -(-size // _ROWS_PER_PASS))
        for number in range(passes):
            await self._compare(_partition(number, passes), foreign=complete)
        return await self._report(gaps, passes)

    async def _compare(self, partition: _Partition, *, foreign: bool) -> None:
        events = []
        for first, end in self._ranges:
            async for replayed in self._snapshot.replayed(
                self._own, self._compared_columns, first, end
            ):
                self._checked += len(replayed)
                events.append(partition(self._own.delivered(replayed)))
        parts = []
        async for read in self._snapshot.rows(self._compared_columns):
            self._read += len(read)
            parts.append(partition(read))
        rows, others = concat_keyed(parts), await self._digests_of_others(partition)
        compare = compare_upserted if self._own.mapping.key else compare_appended
        compare(concat_keyed(events), rows, others, self._findings, foreign=foreign)
        if self._own.mapping.key:
            self._others += int(np.isin(rows.key, others).sum())

    async def _digests_of_others(self, partition: _Partition) -> Digests:
        found = [np.zeros(0, np.uint64)]
        for source in self._other_flows:
            for first, end in self._replayable_ranges(source):
                replayed = self._snapshot.replayed(source, self._compared_columns, first, end)
                found += [partition(each).key async for each in replayed]
        return np.concatenate(found)

    async def _report(self, gaps: Sequence[tuple[int, int]], passes: int) -> AuditReport:
        end = self._own.position.next
        checked, read = self._checked // passes, self._read // passes
        skipped = sum(stop - first for first, stop in self._ranges) - checked
        if not gaps and not self._own.retyped:
            position = self._own.position
            self._discount_rejected(position.skipped + position.dropped - skipped)
        totals = self._findings.totals
        others = self._others
        if not self._own.mapping.key:
            ours = checked - totals[Flaw.MISSING] + totals[Flaw.DUPLICATED]
            others = max(0, read - ours - totals[Flaw.FOREIGN])
        return AuditReport(
            until=end,
            checked=checked,
            skipped=skipped,
            read=read,
            others=others,
            totals=totals,
            findings=tuple(await self._listed()),
            unchecked=tuple(UncheckedRange(first, stop, _UPGRADED_REASON) for first, stop in gaps),
            notes=tuple(self._notes),
        )

    def _discount_rejected(self, rejected: int) -> None:
        """Discards absent events if the delivery skipped as many that the table rejected.

        The position stores their number, but not their indices.
        """
        absent = (Flaw.MISSING, Flaw.REORDERED)
        if 0 < sum(self._findings.totals[flaw] for flaw in absent) <= rejected:
            self._findings.discard(absent)
            self._notes.append(f"{rejected} events were skipped, since the table rejected them")

    async def _listed(self) -> list[Finding]:
        found = self._findings.sorted_by_event()
        where = await self._snapshot.describe(found, self._own.mapping.key)
        listed_findings = []
        for each in found:
            location = where.get(each.location, {})
            if each.location == NO_LOCATION and each.index is not None:
                location = await self._key_of(each.index)
            listed_findings.append(Finding(each.flaw, each.index, location, each.detail))
        return listed_findings

    async def _key_of(self, index: int) -> FindingPlace:
        """The key of an event that has no row."""
        flow, key = self._own.flow, self._own.mapping.key
        async for batch in self._snapshot.events.batches(flow.key, index, index + 1):
            if key and batch.rows:
                return {"key": {name: _field(batch, name) for name in key}}
        return {}


def _field(rows: EventRows, name: str) -> JsonValue:
    text = rows.written.column(format_pointer((name,)), ColumnType.JSONB)[0].as_py()
    value: JsonValue = json.loads(text or "null")
    return value


def _partition(number: int, of: int) -> _Partition:
    """Selects the rows of one of several parts of the key space."""
    if of == 1:
        return lambda rows: rows
    return lambda rows: rows.take(rows.key % np.uint64(of) == number)

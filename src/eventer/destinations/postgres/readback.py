"""Verifies a table: its rows in one snapshot, against the events made again.

Rows are compared as the server sends them, by the binary form of every value. Where a value's form
is the server's own business (jsonb, or a column of another type than the field's), the events go
the way that they went when they were delivered, into a staging table, and are read from there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
import numpy as np

from eventer.core.batch import Batch
from eventer.core.errors import DestinationError, DestinationRejectedError
from eventer.core.model import ColumnType, JsonValue, Position, PositionKey
from eventer.core.pointer import format_pointer
from eventer.destinations.base import Flow
from eventer.destinations.comparison import (
    NOWHERE,
    Findings,
    Found,
    Keyed,
    Words,
    compare_appended,
    compare_upserted,
    joined,
)
from eventer.destinations.postgres.catalogue import Table, read_table
from eventer.destinations.postgres.errors import LOST_CLIENT, Verdict, judge, translated
from eventer.destinations.postgres.fit import TablePlan, fields_of, fit, missing_columns
from eventer.destinations.postgres.flows import target_of
from eventer.destinations.postgres.names import parse_table, quote
from eventer.destinations.postgres.position import Stand, read_positions
from eventer.destinations.postgres.rereading import Rereader, Selection, read_rows
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.table import as_if_made
from eventer.destinations.readback import LISTED, Events, Finding, Flaw, Place, Report, Unchecked

_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PATIENCE_SECONDS: Final = 86_400.0
_PASS: Final = 4_000_000
"""Rows that are held at a time, 24 bytes each; larger tables are compared in several passes."""
_OF_BLOCK: Final = 16
_UPGRADED: Final = "an upgrade changed what their template makes"


@dataclass(frozen=True, slots=True)
class _Source:
    """A generator that delivers to the table, and how its events get into it."""

    flow: Flow
    plan: TablePlan
    position: Position


@dataclass(frozen=True, slots=True)
class _Part:
    """One of several parts of everything, by key."""

    number: int
    of: int

    def take(self, rows: Keyed) -> Keyed:
        """The rows of this part."""
        if self.of == 1:
            return rows
        return rows.take(rows.key % np.uint64(self.of) == self.number)


class PostgresReadBack:
    """Implements `ReadBack`."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = replace(settings, statement_timeout=_PATIENCE_SECONDS)
        self._client: asyncpg.Connection | None = None
        self._rereader = Rereader(self._settings)
        self._flows: tuple[Flow, ...] = ()
        self._stands: Mapping[PositionKey, Stand] = {}
        self._table: Table | None = None

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """See `ReadBack.open`."""
        self._flows = (flow, *others)
        with translated(self._settings.address):
            client = self._client = await connect(self._settings)
            await client.execute(_SNAPSHOT)
            if await client.fetchval("SELECT to_regclass('eventer.position') IS NOT NULL"):
                self._stands = await read_positions(client, [each.key for each in self._flows])
            self._table = await read_table(client, parse_table(target_of(flow).table))
        return {each.key: self._stand(each).position for each in self._flows}

    async def audit(self, events: Events, listed: int = LISTED) -> Report:
        """See `ReadBack.audit`."""
        own, notes = self._source(self._flows[0]), list[str]()
        beside = list(self._beside(notes))
        assert self._client is not None
        with translated(self._settings.address):
            table = _Look(self._client, self._rereader, self._table, events)
            return await _Audit(table, own, beside, Findings(listed), notes).run()

    def _stand(self, flow: Flow) -> Stand:
        return self._stands.get(flow.key, Stand(Position()))

    def _beside(self, notes: list[str]) -> Sequence[_Source]:
        """Generators that have delivered to the table as well."""
        found = []
        for flow in self._flows[1:]:
            if not self._stand(flow).position.next:
                continue
            try:
                found.append(self._source(flow))
            except DestinationError as error:
                notes.append(f"generator {flow.key.generator} is left out: {error.message}")
        return found

    def _source(self, flow: Flow) -> _Source:
        target, stand = target_of(flow), self._stand(flow)
        fields = fields_of(flow.shape, target, stand.fields)
        table = self._table or as_if_made(parse_table(target.table), fields, target)
        missing = missing_columns(fields, table)
        if missing and stand.position.next:
            names = ", ".join(quote(field.name) for field in missing)
            raise DestinationRejectedError(f"{table.name} has no column {names} any more")
        plan = fit(fields, target, table, whole=False)
        for column in plan.columns:
            if column.name in plan.key and column.collation:
                raise DestinationRejectedError(
                    f"{table.name} cannot be verified: its key column {quote(column.name)} takes "
                    "different texts for equal"
                )
        return _Source(flow, plan, stand.position)

    async def close(self) -> None:
        """See `ReadBack.close`."""
        await self._rereader.close()
        if self._client is not None:
            with suppress(*LOST_CLIENT, asyncpg.PostgresError):
                await self._client.close(timeout=2)
            self._client.terminate()


class _Look:
    """The table in its snapshot, and the events as it would hold them."""

    def __init__(
        self, client: asyncpg.Connection, rereader: Rereader, table: Table | None, events: Events
    ) -> None:
        self._client = client
        self._rereader = rereader
        self._table = table
        self.events = events

    async def rows(self, selection: Selection) -> AsyncIterator[Keyed]:
        """All rows; none where there is no table."""
        if self._table is not None:
            async for rows in read_rows(self._client, self._table.name, selection):
                yield rows

    async def made(
        self, source: _Source, selection: Selection, first: int, end: int
    ) -> AsyncIterator[Keyed]:
        """The events [first, end) of a generator, without those that the table refuses."""
        async for batch in self.events.batches(source.flow.key, first, end):
            try:
                made = await self._rereader.digests(source.plan, selection, batch)
            except (DestinationRejectedError, asyncpg.PostgresError) as error:
                if isinstance(error, asyncpg.PostgresError) and judge(error) is not Verdict.REFUSED:
                    raise
                middle = batch.first + batch.count // 2
                for start, stop in ((batch.first, middle), (middle, batch.next)):
                    if batch.count > 1 and start < stop:
                        async for part in self.made(source, selection, start, stop):
                            yield part
            else:
                yield made

    async def describe(self, found: Sequence[Found], key: Sequence[str]) -> dict[int, Place]:
        """Address, and values of the key, of rows by their number."""
        numbers = sorted({each.place for each in found} - {NOWHERE})
        if not numbers or self._table is None:
            return {}
        columns = ", ".join(f"to_jsonb({quote(name)})::text" for name in key)
        addresses = [f"({n >> _OF_BLOCK},{n & 0xFFFF})" for n in numbers]
        rows = await self._client.fetch(
            f"SELECT ctid::text{', ' if key else ''}{columns} FROM {self._table.name} "  # noqa: S608  names are quoted
            "WHERE ctid = ANY ($1::text[]::tid[])",
            addresses,
        )
        keys = {row[0]: [json.loads(text or "null") for text in list(row)[1:]] for row in rows}
        return {
            number: _place(address, dict(zip(key, keys.get(address, ()), strict=False)))
            for number, address in zip(numbers, addresses, strict=True)
        }


def _place(address: str, key: Mapping[str, JsonValue]) -> Place:
    return {"row": address, **({"key": key} if key else {})}


class _Audit:
    """One comparison of one table."""

    def __init__(
        self,
        look: _Look,
        own: _Source,
        beside: Sequence[_Source],
        findings: Findings,
        notes: list[str],
    ) -> None:
        self._look = look
        self._own = own
        self._beside = beside
        self._findings = findings
        self._notes = notes
        self._checked = self._read = self._others = 0
        self._ranges = self._again(own)
        names = [column.name for column in own.plan.columns]
        if not own.plan.key:
            names += sorted({c.name for each in beside for c in each.plan.columns} - {*names})
        self._selection = Selection(tuple(names), own.plan.key)

    def _again(self, source: _Source) -> Sequence[tuple[int, int]]:
        return self._look.events.recomputable(source.flow.key, source.position.next)

    async def run(self) -> Report:
        end = self._own.position.next
        gaps = _gaps(self._ranges, end)
        whole = not gaps and not any(
            _gaps(self._again(each), each.position.next) for each in self._beside
        )
        if not whole:
            self._notes.append("foreign rows are not told: some events cannot be made again")
        size = max(end, sum(each.position.next for each in self._beside))
        passes = max(1, -(-size // _PASS))
        for number in range(passes):
            await self._compare(_Part(number, passes), foreign=whole)
        return await self._report(gaps, passes)

    async def _compare(self, part: _Part, *, foreign: bool) -> None:
        events = []
        for first, end in self._ranges:
            async for made in self._look.made(self._own, self._selection, first, end):
                self._checked += len(made)
                events.append(part.take(made))
        rows = []
        async for read in self._look.rows(self._selection):
            self._read += len(read)
            rows.append(part.take(read))
        others = await self._of_others(part)
        compare = compare_upserted if self._own.plan.key else compare_appended
        compare(joined(events), joined(rows), others, self._findings, foreign=foreign)
        if self._own.plan.key:
            self._others += int(np.isin(joined(rows).key, others).sum())

    async def _of_others(self, part: _Part) -> Words:
        found = [np.zeros(0, np.uint64)]
        for source in self._beside:
            for first, end in self._again(source):
                made = self._look.made(source, self._selection, first, end)
                found += [part.take(each).key async for each in made]
        return np.concatenate(found)

    async def _report(self, gaps: Sequence[tuple[int, int]], passes: int) -> Report:
        end = self._own.position.next
        checked, read = self._checked // passes, self._read // passes
        skipped = sum(stop - first for first, stop in self._ranges) - checked
        if not gaps:
            self._pardon(self._own.position.skipped - skipped)
        totals = self._findings.totals
        others = self._others
        if not self._own.plan.key:
            ours = checked - totals[Flaw.MISSING] + totals[Flaw.DUPLICATED]
            others = max(0, read - ours - totals[Flaw.FOREIGN])
        return Report(
            until=end,
            checked=checked,
            skipped=skipped,
            read=read,
            others=others,
            totals=totals,
            findings=tuple(await self._listed()),
            unchecked=tuple(Unchecked(first, stop, _UPGRADED) for first, stop in gaps),
            notes=tuple(self._notes),
        )

    def _pardon(self, refused: int) -> None:
        """Events that a constraint of the table refused, and that were passed over, are no flaw.

        Which they were nobody has written down, only how many: so many may be absent.
        """
        absent = (Flaw.MISSING, Flaw.REORDERED)
        if 0 < sum(self._findings.totals[flaw] for flaw in absent) <= refused:
            self._findings.forgive(absent)
            self._notes.append(f"{refused} events were passed over: the table refused them")

    async def _listed(self) -> list[Finding]:
        found = self._findings.in_order()
        where = await self._look.describe(found, self._own.plan.key)
        told = []
        for each in found:
            place = where.get(each.place, {})
            if each.place == NOWHERE and each.index is not None:
                place = await self._key_of(each.index)
            told.append(Finding(each.flaw, each.index, place, each.detail))
        return told

    async def _key_of(self, index: int) -> Place:
        """The key of an event that has no row."""
        flow, key = self._own.flow, self._own.plan.key
        async for batch in self._look.events.batches(flow.key, index, index + 1):
            if key and batch.rows:
                return {"key": {name: _field(batch, name) for name in key}}
        return {}


def _field(batch: Batch, name: str) -> JsonValue:
    text = batch.fields.column(format_pointer((name,)), ColumnType.JSONB)[0].as_py()
    value: JsonValue = json.loads(text or "null")
    return value


def _gaps(ranges: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """The indices below `end` that are in none of the ranges."""
    edges = [0, *(edge for each in ranges for edge in each), end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]

"""A template in this process, without a service: its events, also as columns of an Arrow table."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.errors import RequestError
from eventer.core.instant import parse_instant
from eventer.core.large_stack import run_with_large_stack
from eventer.core.limits import MAX_INDEX
from eventer.core.model import ColumnType, EventShape, EventSource
from eventer.core.pointer import format_pointer
from eventer.jsonnet.importer import FolderImporter, Importer, NoLibrary
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.runs.populations import own_populations
from eventer.service.requests import TemplateRequest
from eventer.service.run_schedule import ScheduleOptions, schedule
from eventer.settings import Settings
from eventer.workers.inspect_template import inspect_template
from eventer.workers.inspector_messages import (
    INSPECTED_EVENTS,
    Inspection,
    InspectTemplate,
    ProfileTemplate,
    TemplateProfile,
)
from eventer.workers.inspector_requests import profile_template

ARROW_TYPES: Final = {
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.large_string(),
    ColumnType.TIMESTAMPTZ: pa.timestamp("us", tz="UTC"),
    ColumnType.JSONB: pa.large_string(),
}
"""The types of columns; JSONB is JSON text."""

_PROFILE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class EventRange:
    """The events [first, first + count). They are due at `at`, or from then on at a `rate`.

    `at` is RFC 3339 text; None means now.
    """

    count: int
    first: int = 0
    at: str | None = None
    rate: str | None = None

    def schedule_options(self) -> ScheduleOptions:
        """The options of a simulated run with these events.

        Raises:
            RequestError: a number is out of range, or `at` is not an instant.
        """
        for name, value in (("count", self.count), ("first", self.first)):
            if not 0 <= value <= MAX_INDEX:
                raise RequestError(f"`{name}` must be from 0 to {MAX_INDEX:,}")
        at = None if self.at is None else parse_instant(self.at)
        return ScheduleOptions(rate=self.rate, at=at, fast=self.rate is not None)


class LocalTemplate:
    """A template whose events this process generates; its request has a seed.

    The template is trusted: it has no limits.
    """

    def __init__(self, request: TemplateRequest, settings: Settings) -> None:
        assert request.seed is not None
        self.seed = request.seed
        self._request = request
        self._settings = settings

    def event_source(self) -> EventSource:
        """The source of its events, still without imports."""
        return self._request.event_source(self.seed, self._settings.instance_id)

    @cached_property
    def _prepared(self) -> PreparedTemplate:
        template = self.event_source().template
        return run_with_large_stack(lambda: prepare(template, self._importer()))

    def _importer(self) -> Importer:
        library = self._settings.library
        return NoLibrary() if library is None else FolderImporter(library)

    def texts(self, events: EventRange) -> list[bytes]:
        """The events as compact JSON.

        Raises:
            TemplateError: the template is invalid, or an event raises.
            RequestError: the range is invalid.
        """

        def generate() -> list[bytes]:
            batches = self._batches(events)
            return [text for batch in batches for text in batch.text.to_pylist()]

        return run_with_large_stack(generate)

    def schema(self) -> pa.Schema:
        """The schema of `table`, as far as it is known without an event.

        Raises:
            TemplateError: the template is invalid.
            RequestError: events are not objects.
        """
        shape = self._prepared.shape
        if shape.is_object is False:
            raise _not_an_object()
        return _schema(shape)

    def table(self, events: EventRange) -> pa.Table:
        """The events as a table with a column for each top-level field.

        Fields that inference does not know follow as JSON text, sorted by name.

        Raises:
            TemplateError: the template is invalid, or an event raises.
            RequestError: the range is invalid, or an event is not an object.
            DestinationRejectedError: an integer is beyond 64 bits.
        """
        schema, shape = self.schema(), self._prepared.shape

        def generate() -> pa.Table:
            parts = [_columns(batch, shape) for batch in self._batches(events)]
            return pa.concat_tables([schema.empty_table(), *parts], promote_options="default")

        table: pa.Table = run_with_large_stack(generate)
        known = len(schema.names)
        return table.select([*schema.names, *sorted(table.column_names[known:])])

    def _batches(self, events: EventRange) -> Iterator[Batch]:
        source, prepared = self.event_source(), self._prepared
        timetable = schedule(events.schedule_options(), time.time_ns()).timetable
        engine = prepared.engine(
            source.stream,
            source.context,
            populations=own_populations(prepared.template.own_name, timetable.scheduled),
        )
        first, end = events.first, events.first + events.count
        while first < end:
            times = timetable.scheduled(first, min(end - first, MAX_EVENTS))
            batch = engine.generate(first, times)
            yield batch
            first = batch.next

    def validate(self) -> Inspection:
        """What the template is, and whether its first events can be generated.

        Raises:
            TemplateError: it is invalid, or all of its first events raise.
        """
        seconds = self._settings.limits.inspect_seconds
        question = InspectTemplate(self.event_source(), time.time_ns(), INSPECTED_EVENTS, seconds)
        return run_with_large_stack(lambda: inspect_template(question, self._importer()))

    def profile(self, events: EventRange) -> TemplateProfile:
        """Profiles the fields of the events; fewer if they have more than 8 MiB of text.

        Raises:
            TemplateError: the template is invalid, or all of its events raise.
        """
        at = time.time_ns() if events.at is None else parse_instant(events.at)
        question = ProfileTemplate(self.event_source(), at, events.count, _PROFILE_SECONDS)
        return run_with_large_stack(lambda: profile_template(question, self._importer()))


def checked_seed(seed: int | None) -> int:
    """The seed, or a random one.

    Raises:
        RequestError: it is not an unsigned 64-bit integer.
    """
    if seed is None:
        return secrets.randbits(64)
    if not 0 <= seed < 1 << 64:
        raise RequestError(f"`seed` must be an unsigned 64-bit integer, not {seed}")
    return seed


def _schema(shape: EventShape) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in shape.columns])


def _columns(batch: Batch, shape: EventShape) -> pa.Table:
    """The fields of a batch: those of the shape, and those that it does not know."""
    if shape.is_object is None and not all(
        text.startswith(b"{") for text in batch.text.to_pylist()
    ):
        raise _not_an_object()
    types = {column.name: column.type for column in shape.columns}
    if shape.open:
        more = sorted(batch.fields.names() - types.keys())
        types |= dict.fromkeys(more, ColumnType.JSONB)
    return pa.table(
        {name: batch.fields.column(format_pointer([name]), kind) for name, kind in types.items()}
    )


def _not_an_object() -> RequestError:
    return RequestError("an event is not an object; table rows need objects")

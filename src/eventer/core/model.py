"""The terms of the contract as frozen values: targets, templates, generators, positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias

from eventer.core.cursor import Cursor
from eventer.core.fault_rules import FaultRule, delay_rules, longest_delay
from eventer.core.pace import PaceSpec
from eventer.core.value_schema import RecordSchemas

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)


@dataclass(frozen=True, slots=True)
class WrittenPart:
    """The part of an event that is written; by default all of it.

    `value` names a field or a JSON pointer of the event; `omit`, those of the part that are left
    out. A pointer of `omit` leads through objects, not through arrays.
    """

    value: str | None = None
    omit: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of the event is written."""
        return self.value is None and not self.omit


WHOLE_EVENT: Final = WrittenPart()


class ServiceTarget:
    """What a generator of a service can deliver to: the base of the targets of all destinations.

    A target is a frozen dataclass with slots, picklable and hashable. Its fields are JSON values,
    with tuples as arrays. Of an event `part` is written, which `value` and `omit` describe.
    """

    __slots__ = ()

    __dataclass_fields__: ClassVar[dict[str, Any]]
    kind: ClassVar[str]
    """The kind of destination, as `kafka`."""
    connection: str
    value: str | None
    omit: tuple[str, ...]

    @property
    def op(self) -> str | None:
        """The field or JSON pointer of the operation; None if all events are upserts."""
        return None

    @property
    def has_columns(self) -> bool:
        """Whether it has a column per field, so that events must be objects."""
        return False

    @property
    def has_headers(self) -> bool:
        """Whether events can have headers, as labels of faults."""
        return False

    @property
    def location(self) -> str:
        """What it is called within its connection: a topic, a table, a folder."""
        raise NotImplementedError

    @property
    def part(self) -> WrittenPart:
        """The part of each event that is written."""
        return WrittenPart(self.value, self.omit)


RecordFormat: TypeAlias = Literal["json", "avro", "protobuf", "json-schema"]
"""The formats of values and keys of Kafka's records."""
GivenSchema: TypeAlias = str | tuple[str, int]
"""A schema that a user gives: its text, or its subject and version in a schema registry."""


@dataclass(frozen=True, slots=True)
class KafkaTarget(ServiceTarget):
    """A topic, and how events become its records.

    `key`, `partition`, `timestamp`, `op` and header values name an event field or a JSON pointer.
    `value` and `omit` are those of `part`. `format` is that of values, `key_format` that of keys.
    Without `schema` and `key_schema`, their schemas are derived from the template.
    """

    topic: str
    connection: str = "kafka"
    key: str | None = None
    partition: str | None = None
    timestamp: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    partitions: int | None = None
    replication: int | None = None
    config: tuple[tuple[str, str], ...] = ()
    value: str | None = None
    omit: tuple[str, ...] = ()
    op: str | None = None
    format: RecordFormat = "json"
    key_format: RecordFormat = "json"
    schema: GivenSchema | None = None
    key_schema: GivenSchema | None = None

    kind = "kafka"
    has_columns = False
    has_headers = True

    @property
    def location(self) -> str:
        """The topic."""
        return self.topic


@dataclass(frozen=True, slots=True)
class PostgresTarget(ServiceTarget):
    """A table (`table`, `schema.table`, or `"a.b"` for a name with a dot), and its upsert key.

    The columns are fields of `part`; `op` names a field of the event or a JSON pointer.
    """

    table: str
    connection: str = "postgres"
    key: tuple[str, ...] | None = None
    value: str | None = None
    omit: tuple[str, ...] = ()
    op: str | None = None

    kind = "postgres"
    has_columns = True

    @property
    def location(self) -> str:
        """The table."""
        return self.table


FileFormat: TypeAlias = Literal["ndjson", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class FileTarget(ServiceTarget):
    """A folder below the root of its connection, and the format of the files in it.

    `partition_by` names folders within it, as `country` or `dt={date}`. The columns of CSV and
    Parquet are the fields of `part`.
    """

    path: str
    connection: str = "file"
    format: FileFormat = "ndjson"
    partition_by: tuple[str, ...] = ()
    value: str | None = None
    omit: tuple[str, ...] = ()

    kind = "file"
    op = None

    @property
    def location(self) -> str:
        """The folder."""
        return self.path

    @property
    def has_columns(self) -> bool:
        """Whether the files have a column per field."""
        return self.format != "ndjson"


@dataclass(frozen=True, slots=True)
class ConsoleTarget:
    """Standard output, one JSON text per line. Headers are not printed."""

    connection: str = "console"
    value: str | None = None
    omit: tuple[str, ...] = ()

    kind = "console"
    op = None
    has_columns = False
    has_headers = True
    location = ""

    @property
    def part(self) -> WrittenPart:
        """The part of each event that is printed."""
        return WrittenPart(self.value, self.omit)


Target: TypeAlias = ServiceTarget | ConsoleTarget


@dataclass(frozen=True, slots=True)
class Template:
    """What an event's value depends on besides seed, stream, context, index and time.

    `imports` are (path, contents) of the imported library files when the generator was added, and
    `row_files` are (path, digest) of the files that `get_row` reads.
    `vars` is the canonical JSON text of an object: external variables and top-level arguments.
    `references` are the streams whose events it may read by `get_event_of`: once it is prepared,
    those that it names, and those that their templates name. Under `own_name` it reads earlier
    events of its own stream; once it is prepared, that is empty if it does not.
    """

    text: str
    name: str = "template"
    vars: str = "{}"
    imports: tuple[tuple[str, bytes], ...] = ()
    row_files: tuple[tuple[str, str], ...] = ()
    references: tuple[ReferencedStream, ...] = ()
    own_name: str = ""

    @property
    def all_row_files(self) -> tuple[tuple[str, str], ...]:
        """`row_files`, and those of its references."""
        own = [self, *(each.template for each in self.references)]
        return tuple(file for template in own for file in template.row_files)


@dataclass(frozen=True, slots=True)
class Stream:
    """The inputs of the root draw key. Without a name, the template's hash takes its place."""

    seed: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class FixedPopulation:
    """The events [0, count) of a stream; if `count` is None, each reference says how many."""

    count: int | None = None


@dataclass(frozen=True, slots=True)
class GrowingPopulation:
    """The events that a generator has delivered some time before they are referred to.

    `generator` is its id; None until the request that refers to it is resolved. If `indirect`, only
    events of other generators refer to it, to which the template refers.
    """

    generator: int | None = None
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class EarlierPopulation:
    """The events of a stream before the one of the same stream that refers to them."""


@dataclass(frozen=True, slots=True)
class NoPopulation:
    """The events of a stream that cannot be referred to, and why: "is a timeline".

    `hint` is what to do.
    """

    reason: str
    hint: str | None = None


Population: TypeAlias = FixedPopulation | GrowingPopulation | EarlierPopulation


@dataclass(frozen=True, slots=True)
class ReferencedStream:
    """A stream whose events a template may read, under a `name`.

    The references of its template are those of the template that refers to it: a name means the
    same in both. `population` says which events exist. `explicit_seed` and `digest` are as in
    `GeneratorSpec`; the digest is empty until the template is prepared.
    """

    name: str
    template: Template
    stream: Stream
    context: EventContext
    population: Population | NoPopulation
    explicit_seed: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A pace from the instant `t0` (ns since 1970) and the index `n0` on, which counts timelines.

    `u0` is the number of events of the pace that lie before n0, which stages continue after.
    `draw_key` is that of random arrivals.
    """

    t0: int
    n0: int
    pace: PaceSpec
    u0: int = 0
    draw_key: int = 0


@dataclass(frozen=True, slots=True)
class TimelineSpec:
    """How a template's values are read as timelines.

    No step is due later than `horizon` ns after the start of its timeline. With `only`, just the
    steps with this `to` are emitted.
    """

    horizon: int
    only: str | None = None


@dataclass(frozen=True, slots=True)
class EventContext:
    """What templates may read besides vars: the request's dataset, the service's instance id."""

    dataset: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class EventSource:
    """What determines a generator's events, besides index and time."""

    template: Template
    stream: Stream
    context: EventContext


class GeneratorState(StrEnum):
    """The states of a generator."""

    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    FAILED = "failed"
    FINISHED = "finished"


class OnError(StrEnum):
    """What a generator does when an event fails: stop, skip the event, or retry its delivery.

    A template fails always at an event or never, so `retry` stops there.
    """

    STOP = "stop"
    SKIP = "skip"
    RETRY = "retry"


class OnNull(StrEnum):
    """What a generator does with an event of which null would be written: emit it, or drop it."""

    EMIT = "emit"
    DROP = "drop"


class CatchUp(StrEnum):
    """What a generator does with ticks that were due while the service was down."""

    DROP = "drop"
    REPLAY = "replay"


Guarantee: TypeAlias = Literal["exactly-once", "at-least-once"]
EngineName: TypeAlias = Literal["plan", "interpreter"]
EngineChoice: TypeAlias = Literal["auto", "plan", "interpreter"]


class PositionKey(NamedTuple):
    """The key of a position in a destination.

    It is a tuple for speed: every tick hashes and compares it several times.
    """

    cluster: int
    generator: int
    incarnation: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far a generator's events are committed in its destination.

    `next` is the index of the next event to commit. `skipped`, `dropped` and `bytes` are totals of
    the incarnation: failed events, events that were dropped on purpose, bytes of text. `partitions`
    are (index, partition count) pairs: the number of the topic's partitions from that index on.
    Of a generator of timelines, indices are delivery numbers here, and `cursor` is the place of
    `next` in the order of all steps; None before the first commit.
    """

    next: int = 0
    skipped: int = 0
    bytes: int = 0
    partitions: tuple[tuple[int, int], ...] = ()
    dropped: int = 0
    cursor: Cursor | None = None


class ColumnType(StrEnum):
    """The types of created columns, and of fields read from a batch.

    `KEY` is not a column type: it reads a field as the bytes of a Kafka key.
    """

    BIGINT = "bigint"
    DOUBLE = "double precision"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIMESTAMPTZ = "timestamptz"
    JSONB = "jsonb"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Column:
    """A top-level field of an event and the type that static inference gave it."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class EventShape:
    """What static inference knows about a template's events.

    `columns` are the possible top-level fields, sorted by code point. If `open`, events may have
    more fields, which are stored as `jsonb`. `is_object` is None if it is not known in advance.
    `absent` are the fields named by options of the destination that none of the first events had.
    `timestamp_unit` is what the values of a topic's `timestamp` evidently are in place of
    milliseconds. `schemas` are those of the records, if their format needs one.
    """

    columns: tuple[Column, ...] = ()
    open: bool = True
    is_object: bool | None = None
    absent: tuple[str, ...] = field(default=(), compare=False)
    timestamp_unit: str | None = field(default=None, compare=False)
    schemas: RecordSchemas | None = None


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """What a generator is, from the request to the registry to the worker.

    Only `on_error` and `catch_up` may change while it exists. `digest` is the hash of the canonical
    template with its imports and vars; empty for a run that no registry keeps. `explicit_seed` says
    whether the request gave the seed. `engine_reason` says why the plan does not run the template.
    With `timeline`, the template gives timelines, whose steps are delivered.
    """

    event_source: EventSource
    target: Target
    shape: EventShape = field(default_factory=EventShape)
    on_error: OnError = OnError.STOP
    catch_up: CatchUp = CatchUp.DROP
    engine: EngineName = "interpreter"
    engine_reason: str | None = None
    digest: str = ""
    explicit_seed: bool = False
    on_null: OnNull = OnNull.EMIT
    faults: tuple[FaultRule, ...] = ()
    timeline: TimelineSpec | None = None

    @property
    def steps(self) -> TimelineSpec | None:
        """How events are delivered as steps, by delivery numbers; None if index by index.

        Late events and copies of events are steps, too.
        """
        if self.timeline is not None or not delay_rules(self.faults):
            return self.timeline
        return TimelineSpec(longest_delay(self.faults))

    @property
    def stream(self) -> Stream:
        """The stream that the events are drawn from."""
        return self.event_source.stream

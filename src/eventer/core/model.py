"""The words of the contract as frozen values: what a generator is and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)


@dataclass(frozen=True, slots=True)
class KafkaTarget:
    """A topic, and the options that place or shape an event in it.

    `key`, `partition`, `timestamp` and header values name an event field or a JSON pointer.
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

    kind = "kafka"


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """A table (`schema.table`, `table`, `"a.b"` with a dot), and its upsert key if one is named."""

    table: str
    connection: str = "postgres"
    key: tuple[str, ...] | None = None

    kind = "postgres"


@dataclass(frozen=True, slots=True)
class ConsoleTarget:
    """Standard output, one JSON text a line."""

    connection: str = "console"

    kind = "console"


Target: TypeAlias = KafkaTarget | PostgresTarget | ConsoleTarget


@dataclass(frozen=True, slots=True)
class Template:
    """Everything the value of an event depends on, besides seed, stream, index and time.

    `imports` holds each imported library file by its path, as stored when the generator was added.
    `vars` is the canonical JSON text of an object: external variables and top-level arguments.
    """

    text: str
    name: str = "template"
    vars: str = "{}"
    imports: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """What the root draw key is made of: a stream's own name, or else the template's hash."""

    seed: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A pace: tick k covers [n0 + k·count, n0 + (k+1)·count) and is due at t0 + k·interval.

    Instants and intervals are nanoseconds; t0 counts from 1970-01-01T00:00:00Z.
    """

    t0: int
    n0: int
    count: int
    interval: int


@dataclass(frozen=True, slots=True)
class EventContext:
    """What templates may read besides their vars: the request's dataset, the service's instance."""

    dataset: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What determines a generator's events, besides index and time."""

    template: Template
    stream: Stream
    context: EventContext


class GeneratorState(StrEnum):
    """What a generator is doing."""

    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    FAILED = "failed"


class OnError(StrEnum):
    """What an event that raises does to its generator."""

    STOP = "stop"
    SKIP = "skip"


class CatchUp(StrEnum):
    """What becomes of the ticks that were due while the service was down."""

    DROP = "drop"
    REPLAY = "replay"


Guarantee: TypeAlias = Literal["exactly-once", "at-least-once"]
EngineName: TypeAlias = Literal["plan", "interpreter"]
EngineChoice: TypeAlias = Literal["auto", "plan", "interpreter"]


class PositionKey(NamedTuple):
    """Under which a destination keeps a position: nobody else's is ever read or moved.

    A tuple, because it is hashed and compared several times for every tick.
    """

    cluster: int
    generator: int
    incarnation: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far a generator's events are committed in its destination.

    `next` is the index of the next event to commit. `skipped` and `bytes` are totals of the
    incarnation. `partitions` are (index, partition count) pairs: from which index on a topic has
    how many partitions.
    """

    next: int = 0
    skipped: int = 0
    bytes: int = 0
    partitions: tuple[tuple[int, int], ...] = ()


class ColumnType(StrEnum):
    """Column types of tables that are created, and how a field is read out of a batch.

    `KEY` is no column: it reads a field as the bytes of a Kafka key.
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
    """What static inference knows of a template's events.

    `columns` are the top-level fields that the template can produce, by code point; where `open`,
    there may be more, found only in the events themselves (as `jsonb`). `is_object` is None where
    only the events can tell.
    """

    columns: tuple[Column, ...] = ()
    open: bool = True
    is_object: bool | None = None


@dataclass(frozen=True, slots=True)
class GeneratorSpec:
    """What a generator is, from the request to the registry to the worker.

    Only `on_error` and `catch_up` may change while it exists. `digest` is the hash of the canonical
    template with its imports and vars; empty for a run that no registry keeps. `explicit_seed` says
    whether the request gave the seed. `engine_reason` says why the plan does not run the template.
    """

    recipe: Recipe
    target: Target
    shape: EventShape = field(default_factory=EventShape)
    on_error: OnError = OnError.STOP
    catch_up: CatchUp = CatchUp.DROP
    engine: EngineName = "interpreter"
    engine_reason: str | None = None
    digest: str = ""
    explicit_seed: bool = False

    @property
    def stream(self) -> Stream:
        """The stream that the events are drawn from."""
        return self.recipe.stream

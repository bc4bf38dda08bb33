"""The contract of a registry: it stores the generators of one service or several.

A new registry chooses a random 64-bit cluster id and the number of shards; both never change.
Positions, transactional ids and locks contain the cluster id, so two services never share one. All
changes go through `apply`, which is atomic and durable when it returns. The caller decides on
changes beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor
from eventer.core.errors import EventerError, RegistryError
from eventer.core.model import (
    CatchUp,
    GeneratorSpec,
    GeneratorState,
    OnError,
    Position,
    Segment,
    Target,
)
from eventer.core.pace import PaceSpec

DEFAULT_SHARDS = 2


class GeneratorExistsError(RegistryError):
    """A generator with this id or name exists already: read it and decide again."""

    transient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Cluster:
    """A registry's unsigned 64-bit id and its number of shards per connection. Fixed for ever."""

    id: int
    shards: int


class BegunFingerprint(NamedTuple):
    """The fingerprint of the events from an index on.

    Of steps of timelines, `cursor` is the place of that delivery number, and its `index` that of
    the first timeline with this fingerprint: those before it were given up there. Without a cursor
    nothing comes before it.
    """

    first: int
    fingerprint: str
    cursor: Cursor | None = None

    @property
    def first_timeline(self) -> int:
        """The first timeline that has this fingerprint."""
        return 0 if self.cursor is None else self.cursor.index


@dataclass(frozen=True, slots=True)
class GeneratorFailure:
    """The last error of a generator, and when it occurred (ns since 1970)."""

    error: EventerError
    at: int


@dataclass(frozen=True, slots=True)
class GeneratorRecord:
    """A generator's spec and its run-time state. Instants are ns since 1970.

    `id` is a hash of `identity`, a canonical text: generators with equal texts are the same one.
    `spec.event_source.context.instance_id` is the service's at the time of adding.
    `fingerprints` are the versions of draw, functions and data that make the events, in order.
    `segments` are the paces, oldest first. `position` is the last one seen, a check on the
    destination's own. The registry assigns `incarnation`: `Add` ignores the value it is given.
    `name` is unique among the generators of a registry. `bindings` say what its references read; a
    new generator has none.
    """

    id: int
    name: str
    identity: str
    spec: GeneratorSpec
    shard: int
    segments: tuple[Segment, ...]
    created_at: int
    updated_at: int
    incarnation: int = 0
    state: GeneratorState = GeneratorState.RUNNING
    fingerprints: tuple[BegunFingerprint, ...] = ()
    failure: GeneratorFailure | None = None
    position: Position = field(default_factory=Position)
    bindings: tuple[Binding, ...] = ()

    @property
    def label(self) -> str:
        """Its name and id, for messages and logs."""
        return f"{self.name} ({self.id})"

    @property
    def pace(self) -> PaceSpec:
        """The current pace: that of the newest segment."""
        return self.segments[-1].pace


@dataclass(frozen=True, slots=True)
class Add:
    """Adds a generator and its first segment, in the next incarnation of its id."""

    record: GeneratorRecord


@dataclass(frozen=True, slots=True)
class Remove:
    """Removes a generator. The registry keeps the last incarnation of its id."""

    id: int


@dataclass(frozen=True, slots=True)
class BeginSegment:
    """Begins a pace, before its first event is delivered."""

    id: int
    incarnation: int
    segment: Segment
    at: int


@dataclass(frozen=True, slots=True)
class SetState:
    """Sets the state of a generator and its failure; None clears the failure."""

    id: int
    incarnation: int
    state: GeneratorState
    failure: GeneratorFailure | None
    at: int


@dataclass(frozen=True, slots=True)
class SetName:
    """Sets the name of a generator."""

    id: int
    incarnation: int
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class SetPolicies:
    """Sets the policies for events that fail and for ticks missed while the service was down."""

    id: int
    incarnation: int
    on_error: OnError
    catch_up: CatchUp
    at: int


@dataclass(frozen=True, slots=True)
class SetPosition:
    """Sets the last committed position. It is lower if an emptied destination was accepted."""

    id: int
    incarnation: int
    position: Position


@dataclass(frozen=True, slots=True)
class BeginFingerprint:
    """Sets the fingerprint of the events from an index on."""

    id: int
    incarnation: int
    begun: BegunFingerprint


@dataclass(frozen=True, slots=True)
class BeginBindings:
    """Sets what references read from the first index of each binding on.

    They replace those of the same name that begin there or later.
    """

    id: int
    incarnation: int
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class BeginIncarnation:
    """Restarts a generator at index 0 with this segment: its destination lost its data.

    Clears position, failure and bindings; everything else stays.
    """

    id: int
    incarnation: int
    segment: Segment
    at: int


Change: TypeAlias = (
    Add
    | Remove
    | BeginSegment
    | SetState
    | SetName
    | SetPolicies
    | SetPosition
    | BeginFingerprint
    | BeginBindings
    | BeginIncarnation
)


class SharedFiles(Protocol):
    """The files of rows that generators read, by digest, for all services on one registry."""

    async def keep(self, digest: str, content: bytes) -> None:
        """Stores a file; durable when it returns."""

    async def read(self, digest: str) -> bytes | None:
        """The content of a file, if it is stored."""

    async def remove_others(self, used: Collection[str]) -> None:
        """Removes the files that have none of these digests."""


class Registry(Protocol):
    """Stores generators, incarnations and segments. Every method may raise `RegistryError`."""

    @property
    def cluster(self) -> Cluster:
        """The id and the number of shards, chosen when the registry was created."""

    @property
    def shared_files(self) -> SharedFiles | None:
        """The files of several services; None if the registry has one service, with own files."""

    async def apply(self, changes: Sequence[Change]) -> None:
        """Applies all changes in order, or none; durable when it returns.

        A change to an (id, incarnation) that does not exist does nothing: its sender does not know
        yet that the generator was removed.

        Raises:
            GeneratorExistsError: an `Add` has the id of an existing generator, or an `Add` or
                `SetName` a name of another one. Nothing changed.
        """

    async def get(self, ids: Collection[int]) -> Mapping[int, GeneratorRecord]:
        """The existing generators among these ids, by id."""

    async def all(self) -> tuple[GeneratorRecord, ...]:
        """Every generator, oldest first."""

    async def find_seed(self, stream: str | None, digest: str) -> int | None:
        """The seed of the oldest generator of this stream and template; new ones adopt it.

        `stream` is the stream's name, or None if the template identifies the stream.
        """

    async def check(self) -> None:
        """Checks that changes can be written; writes none."""

    async def close(self) -> None:
        """Closes the registry after all pending calls."""


def stream_key(name: str | None, digest: str) -> str:
    """The key of a stream: its name, or else the template's digest."""
    return f"template:{digest}" if name is None else f"name:{name}"


def target_location(target: Target) -> str:
    """The key of a target's topic, table or folder; other options do not count."""
    parts = (target.kind, target.connection, target.location)
    return json.dumps(parts)

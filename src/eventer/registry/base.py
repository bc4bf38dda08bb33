"""What a registry promises: the durable truth about generators, for one service or several.

A registry draws a random 64-bit cluster id when it is created and keeps it for ever: positions,
transactional ids and locks carry it, so two services never meet. It fixes the number of shards
likewise. Everything that changes goes through `apply`, which is all or nothing and durable when it
returns; what a change means is decided by the caller, beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias

from eventer.core.errors import EventerError, RegistryError
from eventer.core.model import (
    CatchUp,
    GeneratorSpec,
    GeneratorState,
    KafkaTarget,
    OnError,
    Position,
    PostgresTarget,
    Segment,
    Target,
)

DEFAULT_SHARDS = 2


class GeneratorExistsError(RegistryError):
    """A generator of that id is there already: read it and decide again."""

    transient: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Cluster:
    """Fixed when a registry is created: its id (unsigned 64 bits), and shards a connection."""

    id: int
    shards: int


@dataclass(frozen=True, slots=True)
class GeneratorFailure:
    """The last thing that went wrong with a generator, and when (ns since 1970)."""

    error: EventerError
    at: int


@dataclass(frozen=True, slots=True)
class GeneratorRecord:
    """A generator's spec and its run-time state. Instants are ns since 1970.

    `id` is a hash of `identity`, a canonical text: generators with equal texts are the same one.
    `spec.recipe.context.instance_id` is the service's at the time of adding.
    `fingerprints` are (index, fingerprint) pairs: the versions of draw, functions and data that
    make the events from that index on. `segments` are the paces, oldest first. `position` is the
    last one seen, a check on the destination's own. The registry assigns `incarnation`: `Add`
    ignores the value it is given.
    """

    id: int
    identity: str
    spec: GeneratorSpec
    shard: int
    segments: tuple[Segment, ...]
    created_at: int
    updated_at: int
    incarnation: int = 0
    state: GeneratorState = GeneratorState.RUNNING
    fingerprints: tuple[tuple[int, str], ...] = ()
    failure: GeneratorFailure | None = None
    position: Position = field(default_factory=Position)

    @property
    def pace(self) -> Segment:
        """The segment begun last."""
        return self.segments[-1]


@dataclass(frozen=True, slots=True)
class Add:
    """A new generator, with its first segment, in the next incarnation of its id."""

    record: GeneratorRecord


@dataclass(frozen=True, slots=True)
class Remove:
    """Forgets a generator. Its id's incarnations are remembered."""

    id: int


@dataclass(frozen=True, slots=True)
class BeginSegment:
    """A new pace, before its first event is delivered."""

    id: int
    incarnation: int
    segment: Segment
    at: int


@dataclass(frozen=True, slots=True)
class SetState:
    """What a generator is doing, and the failure shown with it (None clears the one shown)."""

    id: int
    incarnation: int
    state: GeneratorState
    failure: GeneratorFailure | None
    at: int


@dataclass(frozen=True, slots=True)
class SetPolicies:
    """What becomes of events that raise, and of the ticks of a down time."""

    id: int
    incarnation: int
    on_error: OnError
    catch_up: CatchUp
    at: int


@dataclass(frozen=True, slots=True)
class SetPosition:
    """The position last seen committed. It may go back: a destination was emptied, and accepted."""

    id: int
    incarnation: int
    position: Position


@dataclass(frozen=True, slots=True)
class BeginFingerprint:
    """From which index on another fingerprint holds."""

    id: int
    incarnation: int
    index: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class BeginIncarnation:
    """The same generator anew, from index 0 with this segment: its destination was lost.

    Position and failure are cleared; everything else stays.
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
    | SetPolicies
    | SetPosition
    | BeginFingerprint
    | BeginIncarnation
)


class Registry(Protocol):
    """Keeps generators, incarnations and segments. Every method may raise `RegistryError`."""

    @property
    def cluster(self) -> Cluster:
        """What was fixed when the registry was created."""

    async def apply(self, changes: Sequence[Change]) -> None:
        """Carries out all changes in order, or none; durable when it returns.

        A change of an (id, incarnation) that is not there, or not any more, does nothing: it comes
        from someone who has not heard of a removal yet.

        Raises:
            GeneratorExistsError: an `Add` of an id that is there. Nothing was changed.
        """

    async def get(self, ids: Collection[int]) -> Mapping[int, GeneratorRecord]:
        """Those of the generators that exist."""

    async def all(self) -> tuple[GeneratorRecord, ...]:
        """Every generator, oldest first."""

    async def find_seed(self, stream: str | None, digest: str) -> int | None:
        """The seed of the oldest generator of this stream and template, to be taken over.

        `stream` is the stream's name, None where it has none and the template stands for it.
        """

    async def find_related(
        self, stream: str | None, digest: str, target: Target
    ) -> tuple[int, ...]:
        """Ids of the generators of this stream that go to the same place, oldest first."""

    async def close(self) -> None:
        """Lets go of everything, after what was asked before is done."""


def stream_key(name: str | None, digest: str) -> str:
    """What makes two events of one stream: the stream's name, or else the template's digest."""
    return f"template:{digest}" if name is None else f"name:{name}"


def target_location(target: Target) -> str:
    """Where a target's events land, whatever options shape them on the way."""
    match target:
        case KafkaTarget():
            parts = ("kafka", target.connection, target.topic)
        case PostgresTarget():
            parts = ("postgres", target.connection, target.table)
        case _:
            parts = ("console", target.connection, "")
    return json.dumps(parts)

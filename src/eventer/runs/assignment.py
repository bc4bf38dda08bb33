"""A generator as a shard gets it."""

from __future__ import annotations

from dataclasses import dataclass, field

from eventer.core.batch import MAX_EVENTS
from eventer.core.bindings import Binding
from eventer.core.model import (
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    OnError,
    Position,
    PositionKey,
)
from eventer.destinations.base import Flow


@dataclass(frozen=True, slots=True)
class Assignment:
    """A generator given to a shard. Indices in `skip` emit nothing.

    `outcome_unknown`: an earlier owner of the shard may still commit a transaction, so the position
    is unknown until the shard is opened again. `accepted` is the position to continue at although
    the destination has lost it. `poison_index` is the index at which the generator crashed its
    process: everything before it is committed before it is tried again. If `isolate`, the events
    of one batch from there on are generated one by one, to find the poison event. `bindings` say
    what its references read; they are known when it is resumed. `name` is for people.
    """

    key: PositionKey
    spec: GeneratorSpec
    skip: frozenset[int] = frozenset()
    outcome_unknown: bool = False
    accepted: Position | None = None
    poison_index: int | None = None
    isolate: bool = False
    bindings: tuple[Binding, ...] = ()
    name: str = ""
    flow: Flow = field(init=False)
    """The generator as its destination sees it: one object, as destinations compare it."""

    def __post_init__(self) -> None:
        flow = Flow.of(self.key, self.spec)
        object.__setattr__(self, "flow", flow)

    @property
    def event_source(self) -> EventSource:
        """The source of its events."""
        return self.spec.event_source

    @property
    def on_error(self) -> OnError:
        """Whether a failed event stops it or is skipped."""
        return self.spec.on_error

    @property
    def match_hints(self) -> bool:
        """Whether batches hold matches for compression, as its destination compresses events."""
        return isinstance(self.spec.target, KafkaTarget)

    def max_events(self, first: int) -> int:
        """How many events from an index on may be generated together."""
        if not self.isolate or self.poison_index is None:
            return MAX_EVENTS
        return 1 if self.poison_index <= first < self.poison_index + MAX_EVENTS else MAX_EVENTS

"""The audit protocol of a destination: compare delivered events with recomputed ones.

One task uses a `TargetAuditor` once: `open` takes a snapshot and returns positions, the caller
recomputes the events before them, and `audit` compares both. An audit changes nothing that others
see and fences no owner, so generators may run meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import JsonValue, Position, PositionKey
from eventer.destinations.base import Flow

if TYPE_CHECKING:
    from eventer.core.batch import Batch
    from eventer.core.cursor import Cursor

DEFAULT_LISTED = 100
"""The default number of listed findings of each flaw. Totals count all findings."""

FindingPlace: TypeAlias = Mapping[str, JsonValue]
"""A location: partition and offset, the values of a key, or a row's address."""


class Flaw(StrEnum):
    """What can be wrong with a delivered event.

    MISSING: it was not found. DUPLICATED: it was found again. CHANGED: its record has other values.
    REORDERED: its location has another event of the generator. FOREIGN: no known generator
    delivered this record.
    """

    MISSING = "missing"
    DUPLICATED = "duplicated"
    CHANGED = "changed"
    REORDERED = "reordered"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw of an event, the location, and details."""

    flaw: Flaw
    index: int | None
    place: FindingPlace = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class UncheckedRange:
    """The events [first, end) were not compared, and the reason."""

    first: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of an audit of the events before `until`, the position at its beginning.

    `checked` counts compared events, `skipped` indices without an event, and `read` records or
    rows, of which `others` belong to other generators. `findings` lists the first of each flaw,
    `totals` counts all. `notes` are sentences about limits of the comparison.
    """

    until: int
    checked: int
    skipped: int
    read: int
    others: int
    totals: Mapping[Flaw, int]
    findings: tuple[Finding, ...]
    unchecked: tuple[UncheckedRange, ...] = ()
    notes: tuple[str, ...] = ()

    def clean(self, *, allow_foreign: bool = False) -> bool:
        """Whether events were verified, if there are any, without a flaw."""
        allowed = {Flaw.FOREIGN} if allow_foreign else set[Flaw]()
        flawed = any(total for flaw, total in self.totals.items() if flaw not in allowed)
        return not flawed and (self.checked + self.skipped > 0 or self.until == 0)


class EventReplayer(Protocol):
    """Recomputes the events of generators."""

    def recomputable(self, key: PositionKey, end: int) -> Sequence[tuple[int, int]]:
        """The ascending ranges below `end` whose events can be recomputed."""

    def batches(
        self, key: PositionKey, first: int, end: int, cursor: Cursor | None = None
    ) -> AsyncIterator[Batch]:
        """The events [first, end), in order; an event that raises an error has no row.

        `cursor` is the place of `first` in the order of the steps of timelines, if it is known.

        Raises:
            TemplateError: this version rejects the template.
        """


def unreplayable_ranges(ranges: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """The indices below `end` outside of the ascending recomputable ranges."""
    edges = [0, *(edge for each in ranges for edge in each), end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


class TargetAuditor(Protocol):
    """Audits the target of one generator once. Every method may raise a `DestinationError`."""

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """Connects and takes a snapshot; returns the positions of `flow` and of `others`.

        `others` are the generators of the same service with the same target.

        Raises:
            DestinationUnavailableError: the server is unreachable.
            DestinationRejectedError: the target cannot be read or compared.
        """

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """Compares the snapshot with the events of the flow. Call it after `open`."""

    async def close(self) -> None:
        """Closes all connections. Raises nothing."""


class UnreadableTargetAuditor:
    """Implements `TargetAuditor` for destinations from which events cannot be read."""

    def __init__(self, events: str) -> None:
        """`events` are what cannot be read, for the message."""
        self._events = events

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """Refuses.

        Raises:
            DestinationRejectedError: always.
        """
        del flow, others
        raise DestinationRejectedError(
            f"{self._events} cannot be read back, so they cannot be verified",
            hint="compare what the receiver stored with GET /generator/events",
        )

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """Is never called, because `open` refuses."""
        raise NotImplementedError

    async def close(self) -> None:
        """There is nothing to close."""

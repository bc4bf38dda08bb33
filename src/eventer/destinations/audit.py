"""The audit protocol of a destination: compare delivered events with recomputed ones.

One task uses a `TargetAuditor` once: `open` takes a snapshot, `audit` compares it with the
recomputed events. It writes nothing that others see and fences no owner, so it works beside
running generators. The caller recomputes the events and supplies their due times, after `open`
has returned each generator's position.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from eventer.core.model import JsonValue, Position, PositionKey
from eventer.destinations.base import Flow

if TYPE_CHECKING:
    from eventer.core.batch import Batch

DEFAULT_LISTED = 100
"""How many findings of each kind a report lists unless asked for more; totals count them all."""

FindingPlace: TypeAlias = Mapping[str, JsonValue]
"""Where something lies: partition and offset, the values of a key, a row's address."""


class Flaw(StrEnum):
    """What can be wrong with what landed.

    MISSING: an event is not there. DUPLICATED: it is there once more. CHANGED: something else is in
    its place, or it has other values. REORDERED: another event of the generator is in its place.
    FOREIGN: nobody's event, as far as can be told.
    """

    MISSING = "missing"
    DUPLICATED = "duplicated"
    CHANGED = "changed"
    REORDERED = "reordered"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw: of which event, where it was to be or lies, and what is wrong."""

    flaw: Flaw
    index: int | None
    place: FindingPlace = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class UncheckedRange:
    """Events [first, end) that could not be compared, and why."""

    first: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit found of the events before `until`, the position when it began.

    `checked` events were compared with what landed, `skipped` indices emitted nothing, and `read`
    records or rows were looked at, of which `others` belong to other generators. `findings` are the
    first of each kind, `totals` count all of them. `notes` are sentences about what the comparison
    cannot tell.
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
        """Whether something was verified, as far as there is anything, and no flaw found."""
        allowed = {Flaw.FOREIGN} if allow_foreign else set[Flaw]()
        flawed = any(total for flaw, total in self.totals.items() if flaw not in allowed)
        return not flawed and (self.checked + self.skipped > 0 or self.until == 0)


class EventReplayer(Protocol):
    """Makes the events of generators again."""

    def recomputable(self, key: PositionKey, end: int) -> Sequence[tuple[int, int]]:
        """The ranges of indices below `end` whose events can be made as they were, ascending."""

    def batches(self, key: PositionKey, first: int, end: int) -> AsyncIterator[Batch]:
        """The events [first, end), in order; those that raise have no row.

        Raises:
            TemplateError: the template is refused now.
        """


class TargetAuditor(Protocol):
    """Looks once at one generator's topic or table. All methods may raise `DestinationError`s."""

    async def open(self, flow: Flow, others: Sequence[Flow]) -> Mapping[PositionKey, Position]:
        """Connects, and fixes how far it looks: the positions of `flow` and of `others`.

        `others` are generators of the same service that deliver to the same place.

        Raises:
            DestinationUnavailableError: not reachable.
            DestinationRejectedError: it may not be read, or what is there cannot be compared.
        """

    async def audit(self, events: EventReplayer, listed: int = DEFAULT_LISTED) -> AuditReport:
        """Compares everything that landed of the flow with its events. Called after `open`."""

    async def close(self) -> None:
        """Lets go of everything, without raising."""

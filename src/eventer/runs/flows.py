"""The generators that a shard holds: all, those not ready yet, those with something to deliver."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.runs.dose import NO_LIMIT, Dose
from eventer.runs.flow_state import FlowState, Phase
from eventer.runs.instructions import Assignment, Work


class Flows:
    """Generators by key, in the order in which they came."""

    def __init__(self) -> None:
        self._all: dict[PositionKey, FlowState] = {}
        self._unready: dict[PositionKey, FlowState] = {}
        self._loaded: dict[PositionKey, FlowState] = {}
        self._versions = 0
        self._suspected_last = True
        self._weights: dict[PositionKey, int] = {}
        """Of those loaded, as last noted; `_waiting` is their sum, wanted several times a tick."""
        self._waiting = 0
        self._under_way = 0

    def __bool__(self) -> bool:
        return bool(self._all)

    def __iter__(self) -> Iterator[FlowState]:
        return iter(tuple(self._all.values()))

    def get(self, key: PositionKey) -> FlowState | None:
        """The generator of that key."""
        return self._all.get(key)

    def of(self, work: Work) -> FlowState | None:
        """The generator of a work, unless it has gone another way since."""
        flow = self._all.get(work.assignment.key)
        return flow if flow and flow.version == work.version and flow.active else None

    def version(self) -> int:
        """A number that no generator had before."""
        self._versions += 1
        return self._versions

    def add(self, assignment: Assignment) -> None:
        """Takes a generator over."""
        assert assignment.key not in self._all
        flow = FlowState(assignment, self.version())
        self._all[flow.key] = self._unready[flow.key] = flow

    def forget(self, flow: FlowState) -> None:
        """Lets go of a generator."""
        flow.gone = True
        self.unload(flow)
        for each in (self._all, self._unready):
            each.pop(flow.key, None)

    # --- on the way to delivery ---------------------------------------------------------------

    def place(self, flow: FlowState) -> None:
        """Begins with a generator anew: its connection was lost."""
        flow.place(self.version())
        self.unload(flow)
        self._unready[flow.key] = flow

    def ready(self, flow: FlowState) -> None:
        """Its target is ready."""
        flow.phase, flow.prepare_tries = Phase.READY, 0
        self._unready.pop(flow.key, None)

    def unread(self) -> tuple[PositionKey, ...]:
        """Those whose position is to be read."""
        return tuple(key for key, flow in self._unready.items() if flow.phase is Phase.PLACED)

    def unprepared(self) -> Iterator[FlowState]:
        """Those whose target is to be prepared."""
        for flow in self._unready.values():
            if flow.phase is Phase.UNPREPARED and not flow.withdrawing:
                yield flow

    # --- with something to deliver ------------------------------------------------------------

    @property
    def loaded(self) -> bool:
        """Whether any has something to deliver."""
        return bool(self._loaded)

    @property
    def weight(self) -> int:
        """Bytes of memory of batches that wait to be delivered, or are being delivered."""
        return self._under_way + self._waiting

    def landed(self) -> None:
        """Nothing is being delivered any more."""
        self._under_way = 0

    def note(self, flow: FlowState) -> None:
        """Something was made for it, or taken from it."""
        if not flow.batches:
            self.unload(flow)
            return
        weight = flow.weight
        self._loaded[flow.key] = flow
        self._waiting += weight - self._weights.get(flow.key, 0)
        self._weights[flow.key] = weight

    def unload(self, flow: FlowState) -> None:
        """What it has is not to be delivered."""
        if self._loaded.pop(flow.key, None) is not None:
            self._waiting -= self._weights.pop(flow.key)

    def holds(self, dose: Dose) -> bool:
        """Whether a limited dose is there to be delivered."""
        if dose.events >= NO_LIMIT:
            return False
        return sum(flow.made - flow.batches[0].first for flow in self._loaded.values()) >= (
            dose.events
        )

    def take(self, dose: Dose) -> tuple[Delivery, ...]:
        """What is to be delivered next: a suspect alone, or as much of the others as a dose holds.

        Suspects and the others take turns.
        """
        suspects = [flow for flow in self._loaded.values() if flow.suspect]
        others = [flow for flow in self._loaded.values() if not flow.suspect]
        if suspects and (not others or not self._suspected_last):
            self._suspected_last = True
            return (self._taken(suspects[0], dose.events),)
        self._suspected_last = False
        deliveries: list[Delivery] = []
        left = dose.events
        for flow in others[: dose.flows]:
            if left > 0:
                deliveries.append(self._taken(flow, left))
                left -= deliveries[-1].batches[-1].next - deliveries[-1].batches[0].first
        return tuple(deliveries)

    def _taken(self, flow: FlowState, events: int) -> Delivery:
        """Takes a generator's turn; what is left of it comes last."""
        self.unload(flow)
        before = flow.weight
        delivery = flow.take(events)
        self._under_way += before - flow.weight
        self.note(flow)
        return delivery

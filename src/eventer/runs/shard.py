"""The state machine of a shard: it takes what happened, and decides what to do next. Pure.

It has two lanes, each with at most one instruction under way. The *connection lane* uses the
connection; the *generation lane* generates batches while the last transaction commits. The caller
carries out the instructions of `decide`, reports the outcome to the lanes, takes the reports, and
calls `decide` again at `wake_at` or when something happened.
"""

from __future__ import annotations

from eventer.core.bindings import Binding
from eventer.core.model import Position, PositionKey
from eventer.destinations.base import Flow
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.runs.assignment import Assignment
from eventer.runs.connection_lane import ConnectionLane
from eventer.runs.flow_state import PositionReported
from eventer.runs.generation_lane import GenerationLane
from eventer.runs.pacing import END
from eventer.runs.shard_messages import FlowWithdrawn, Instruction, ShardReport, Timetable
from eventer.runs.shard_state import ShardState


class Shard:
    """One shard of one connection: its flows and its two lanes."""

    def __init__(self, policy: CommitPolicy = AS_SOON_AS_POSSIBLE) -> None:
        self._state = ShardState(policy)
        self._flows = self._state.flows
        self.generation = GenerationLane(self._state)
        self.connection = ConnectionLane(self._state, self.generation)

    # --- requests -----------------------------------------------------------------------------

    def assign(self, assignment: Assignment) -> None:
        """Adds a flow; its position will be reported, then it waits for `resume`."""
        self._flows.add(assignment)

    def resume(
        self,
        key: PositionKey,
        timetable: Timetable,
        limit: int = END,
        bindings: tuple[Binding, ...] = (),
        gate: int = END,
    ) -> None:
        """Lets a flow whose position was reported continue from there, up to `limit`.

        For `bindings` and `gate` see `Assignment` and `set_gate`.
        """
        flow = self._flows.get(key)
        if flow is None or not isinstance(flow.state, PositionReported):
            return
        flow.resume(timetable, limit, bindings, gate)
        if not self._state.end_if_done(flow):
            self._flows.await_preparation(flow)

    def reported(self, key: PositionKey) -> tuple[Assignment, Position] | None:
        """The assignment and the position of a flow that waits for `resume`."""
        flow = self._flows.get(key)
        if flow is None or flow.position is None or not isinstance(flow.state, PositionReported):
            return None
        return flow.assignment, flow.position

    def set_gate(self, key: PositionKey, gate: int, now: int) -> None:
        """Events of a flow that are due at the instant `gate` or later must wait."""
        if flow := self._flows.get(key):
            flow.gate = gate
            self.generation.schedule(flow, now)

    def withdraw(self, key: PositionKey, now: int) -> None:
        """Removes a flow; `FlowWithdrawn` is reported when no event of it can appear any more."""
        flow = self._flows.get(key)
        if flow is None:
            self._state.reports.append(FlowWithdrawn(key, None))
            return
        flow.withdraw()
        self.connection.complete_withdrawal(flow, now)

    def finish(self, key: PositionKey) -> None:
        """Ends generation; `FlowFinished` is reported when the generated events are committed."""
        if flow := self._flows.get(key):
            flow.finish()
            self._state.end_if_done(flow)

    def check(self, token: int, flow: Flow) -> None:
        """Asks the destination whether it accepts a flow; `CheckCompleted` is reported."""
        self.connection.check(token, flow)

    def stop(self) -> None:
        """Ends the shard: generated events are delivered, then the connection is closed."""
        self._state.stopping = True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called and everything has ended."""
        idle = self.connection.disconnected and not self.generation.generating
        return self._state.stopping and idle

    @property
    def keys(self) -> tuple[PositionKey, ...]:
        """The flows that it holds."""
        return tuple(flow.key for flow in self._flows)

    # --- what to do ---------------------------------------------------------------------------

    def decide(self, now: int) -> list[Instruction]:
        """The instructions to begin now. Each is answered by a call of its lane."""
        self.generation.wake_due(now, busy=self.connection.busy)
        self.connection.update_window(now)
        preparing = self.connection.preparing(now)
        instructions: list[Instruction] = [*self.generation.start(now, preparing=preparing)]
        if started := self.connection.start(now):
            preparing = self.connection.preparing(now)
            instructions += [*started, *self.generation.start(now, preparing=preparing)]
        return instructions

    def take_reports(self) -> list[ShardReport]:
        """The reports since the last call."""
        reports = list(self._state.reports)
        self._state.reports.clear()
        return reports

    def wake_at(self) -> int | None:
        """When `decide` has new instructions even if nothing happens; None for never."""
        instants = list(self.connection.wake_instants())
        if (at := self.generation.wake_at(busy=self.connection.busy)) is not None:
            instants.append(at)
        return min(instants, default=None)

"""The plan of one stream: a plan that streams share, with the inputs of the stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventer.plan.inputs import PlanInputs
from eventer.plan.row_program import BoundRowProgram

if TYPE_CHECKING:
    from eventer.plan.columnar_engine import Plan
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node
    from eventer.plan.trace.traced_event import TracedEvent


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """A plan and its inputs."""

    plan: Plan
    inputs: PlanInputs

    @property
    def traced(self) -> TracedEvent:
        """The traced event."""
        return self.plan.traced

    @property
    def program(self) -> BoundRowProgram:
        """The program that writes the event, with the texts of the inputs."""
        return self.inputs.context.bound(self.plan.program)

    @property
    def checks(self) -> tuple[Node, ...]:
        """See `Plan.checks`."""
        return self.plan.checks

    @property
    def timed(self) -> bool:
        """See `Plan.timed`."""
        return self.plan.timed

    def run(self, index: NDArray[np.int64], scheduled: NDArray[np.int64]) -> Execution:
        """A run for events of the stream."""
        return self.plan.run(index, scheduled, self.inputs)

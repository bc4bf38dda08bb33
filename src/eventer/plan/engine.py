"""How batches are made: the protocol of the two engines, and which one runs a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import EngineName, EventContext

if TYPE_CHECKING:
    from eventer.core.batch import Batch

__all__ = ["Engine", "EngineName", "EventContext"]


class Engine(Protocol):
    """Makes the events of one (template, seed, stream): a pure function of index and time."""

    @property
    def name(self) -> EngineName:
        """Which engine this is."""

    @property
    def reason(self) -> str | None:
        """Why a template is not on the plan, with line and column; None where it is."""

    def generate(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None = None
    ) -> Batch:
        """The events [first, first + len(scheduled)), or fewer from `first` on, at least one.

        Fewer where the batch reaches `MAX_BYTES`, or `deadline_ns` of the monotonic clock passes:
        a slice of work must end so that others get their turn.

        Raises:
            EvaluationError: the event at `error.index`, the first of the batch, raises. Where a
                later one does, the batch ends before it.
            BudgetError: likewise, for an event that takes more than it may.
        """

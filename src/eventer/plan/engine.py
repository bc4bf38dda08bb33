"""The protocol of the two engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import EngineName, EventContext

if TYPE_CHECKING:
    from eventer.core.batch import Batch

__all__ = ["Engine", "EngineName", "EventContext"]


class Engine(Protocol):
    """Generates the events of a (template, seed, stream), pure functions of index and time."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""

    @property
    def reason(self) -> str | None:
        """Why the plan does not run the template, with line and column; None if it does."""

    def generate(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None = None
    ) -> Batch:
        """The events [first, first + len(scheduled)), or fewer from `first` on, at least one.

        The batch ends early at `MAX_BYTES`, when `deadline_ns` of the monotonic clock passes, and
        before a later event that raises.

        Raises:
            EvaluationError: the first event of the batch, at `error.index`, raises.
            BudgetError: the first event exceeds its budget.
        """

"""The protocol of the two engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import EngineName, EventContext

if TYPE_CHECKING:
    from eventer.core.batch import Batch

__all__ = ["Engine", "EngineName", "EventContext", "ScheduledTimes"]

ScheduledTimes: TypeAlias = Callable[[int, int], NDArray[np.int64]]
"""The scheduled times of indices [first, first + count) as far as they are known, perhaps none."""


class Engine(Protocol):
    """Generates the events of a (template, seed, stream), pure functions of index and time."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""

    @property
    def reason(self) -> str | None:
        """Why the plan does not run the template, with line and column; None if it does."""

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        """The events [first, first + len(scheduled)), or fewer from `first` on, at least one.

        With `later` the engine may generate events ahead for the next calls, even if they depend on
        their scheduled times. A call with other times than these gets newly generated events.

        The batch ends early at `MAX_BYTES`, when `deadline_ns` of the monotonic clock passes, and
        before a later event that raises.

        Raises:
            EvaluationError: the first event of the batch, at `error.index`, raises.
            BudgetError: the first event exceeds its budget.
        """

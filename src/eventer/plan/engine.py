"""The protocol of the two engines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import EngineName, EventContext

if TYPE_CHECKING:
    from eventer.core.batch import Batch

__all__ = ["Engine", "EngineName", "EventContext", "ScheduledTimes", "WrappingEngine"]

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

        With `later` the engine may generate the events ahead whose times it knows, for the next
        calls. A call with other times gets newly generated events if they depend on their times.

        The batch ends early at `MAX_BYTES`, when `deadline_ns` of the monotonic clock passes, and
        before a later event that raises.

        Raises:
            EvaluationError: the first event of the batch, at `error.index`, raises.
            BudgetError: the first event exceeds its budget.
        """


@dataclass(frozen=True, slots=True)
class WrappingEngine(ABC):
    """An engine that changes the batches of another one."""

    engine: Engine

    @property
    def name(self) -> EngineName:
        """See `Engine.name`."""
        return self.engine.name

    @property
    def reason(self) -> str | None:
        """See `Engine.reason`."""
        return self.engine.reason

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        """See `Engine.generate`."""
        return self.changed(self.engine.generate(first, scheduled, deadline_ns, later))

    @abstractmethod
    def changed(self, batch: Batch) -> Batch:
        """The batch in place of one of the other engine."""

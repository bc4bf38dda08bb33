"""The events of other generators that exist for events which refer to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.bindings import ReferencePath
from eventer.core.limits import MAX_POPULATION

Rows: TypeAlias = NDArray[np.int64]


class Population(Protocol):
    """The events of a generator that grow in number with time."""

    def counts(self, readers: Rows, scheduled: Rows) -> Rows:
        """How many events exist for the events with these indices and scheduled times (ns)."""

    def due_times(self, readers: Rows, index: Rows) -> Rows:
        """When the events that these events refer to are due (ns since 1970)."""


Populations: TypeAlias = Mapping[ReferencePath, Population]
"""By the references that lead to them."""


class AssumedPopulation:
    """The population while nothing is delivered: all events exist, and are due at the first one."""

    def counts(self, readers: Rows, scheduled: Rows) -> Rows:
        """See `Population.counts`."""
        del scheduled
        return np.full(len(readers), MAX_POPULATION, dtype=np.int64)

    def due_times(self, readers: Rows, index: Rows) -> Rows:
        """See `Population.due_times`."""
        del readers
        return np.full(len(index), 1_767_225_600_000_000_000, dtype=np.int64)


ASSUMED: Final = AssumedPopulation()

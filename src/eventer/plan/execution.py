"""Computes the nodes of a plan for the rows of a batch, each at most once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.plan.draw_keys import DrawKey
from eventer.plan.graph import Domain, Elements, Filter, Graph, Literal, Node, Referenced, Type
from eventer.plan.ops import (
    context_texts,
    dictionaries,
    distinct_values,
    documents,
    draws,
    list_reductions,
    numbers,
    rows,
    texts,
)
from eventer.plan.ops.operation import OPERATIONS

if TYPE_CHECKING:
    from eventer.plan.grouped_inputs import GroupedInputs
    from eventer.plan.inputs import PlanInputs

__all__ = ["BatchTooLargeError", "Execution"]

_FAMILIES = (
    context_texts,
    documents,
    draws,
    list_reductions,
    numbers,
    dictionaries,
    rows,
    texts,
    distinct_values,
)
"""Importing these modules declares their operations."""

MAX_ELEMENTS: Final = 4_000_000
"""Rows of all domains of a batch."""

Rows = NDArray[np.int64]


class BatchTooLargeError(Exception):
    """The lists of a batch have too many elements; a smaller batch is needed."""


class Execution:
    """The columns of a plan for one batch."""

    def __init__(
        self,
        graph: Graph,
        index: Rows,
        scheduled: Rows,
        restart_meter: Callable[[], None],
        inputs: PlanInputs | GroupedInputs,
    ) -> None:
        self.raised = np.zeros(len(index), dtype=np.bool_)
        self.restart_meter = restart_meter
        self.inputs = inputs
        self._graph = graph
        self._values: dict[Node, Any] = {}
        self._parents: dict[Domain, Rows] = {}
        self._rows: dict[tuple[Domain, Domain], Rows] = {}
        self._indices: dict[Domain, Rows] = {graph.root: index}
        self._due: dict[tuple[Domain, bool], Rows] = {(graph.root, False): scheduled}
        self._sizes: dict[Domain, int] = {graph.root: len(index)}
        self._total = len(index)

    # -- nodes ----------------------------------------------------------------------------------

    def value(self, node: Node) -> Any:
        """The column of a node."""
        found = self._values.get(node)
        if found is None:
            arguments = [*map(self._argument, node.arguments)]
            operation = OPERATIONS[node.operation]
            found = self._values[node] = operation(self, node, arguments)
        return found

    def key(self, key: DrawKey, domain: Domain) -> Any:
        """The value of a draw key; one for each row of a domain if it differs between events."""
        return self.inputs.keys(key, lambda: self.events(domain))

    def _argument(self, argument: Node | Literal) -> Any:
        return argument.value if isinstance(argument, Literal) else self.value(argument)

    def placeholder(self, node: Node) -> Any:
        """A column of placeholders, for rows that all raise."""
        size = self.size(node.domain)
        if node.type is Type.TEXT:
            return pa.array([""] * size, type=pa.large_string())
        return np.zeros(size, dtype=dictionaries.DTYPES[node.type])

    # -- domains --------------------------------------------------------------------------------

    def size(self, domain: Domain) -> int:
        """The number of rows of a domain."""
        if domain not in self._sizes:
            self.parent_rows(domain)
        return self._sizes[domain]

    def parent_rows(self, domain: Domain) -> Rows:
        """The parent row of each row."""
        found = self._parents.get(domain)
        if found is None:
            if isinstance(domain, Filter):
                mask = self.value(domain.condition)
                found = np.flatnonzero(mask if domain.holds else ~mask)
            elif isinstance(domain, Referenced):
                assert domain.parent is not None
                found = np.arange(self.size(domain.parent), dtype=np.int64)
            else:
                found = self._element_parents(domain)
            # The size first: another thread that finds the rows also needs their number.
            self._sizes[domain] = len(found)
            self._parents[domain] = found
        return found

    def _element_parents(self, domain: Domain) -> Rows:
        assert isinstance(domain, Elements)
        lengths = self.value(domain.lengths)
        self._total += int(lengths.sum())
        if self._total > MAX_ELEMENTS:
            raise BatchTooLargeError
        return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)

    def raised_in(self, domain: Domain) -> NDArray[np.bool_]:
        """Which rows of a domain belong to events that raise."""
        root = self._graph.root
        return self.raised if domain is root else self.raised[self.rows(domain, root)]

    def healthy_rows(
        self, domain: Domain, events: tuple[int, int] | None = None
    ) -> NDArray[np.bool_]:
        """Which rows of a domain belong to events that do not raise.

        With `events`, to those in the rows [start, stop) of the run.
        """
        healthy = ~self.raised
        if events is not None:
            start, stop = events
            healthy[:start] = healthy[stop:] = False
        root = self._graph.root
        return healthy if domain is root else healthy[self.rows(domain, root)]

    def events(self, domain: Domain) -> Rows:
        """The row of the event that each row of a domain belongs to."""
        return self.rows(domain, self._graph.root)

    def rows(self, domain: Domain, outer: Domain) -> Rows:
        """The row of an outer domain of each row of a domain."""
        if domain is outer:
            return np.arange(self.size(domain), dtype=np.int64)
        found = self._rows.get((domain, outer))
        if found is None:
            found = self.parent_rows(domain)
            if domain.parent is not outer:
                assert domain.parent is not None
                found = self.rows(domain.parent, outer)[found]
            self._rows[domain, outer] = found
        return found

    def index(self, domain: Domain) -> Rows:
        """The index of the event that each row belongs to, in its stream."""
        found = self._indices.get(domain)
        if found is None:
            if isinstance(domain, Referenced):
                found = self.value(domain.index)
            else:
                assert domain.parent is not None
                found = self.index(domain.parent)[self.parent_rows(domain)]
            self._indices[domain] = found
        return found

    def scheduled(self, domain: Domain) -> Rows:
        """The due time of the event of each row.

        Events of other streams that do not read the time have that of the event that reads them.
        """
        timed = isinstance(domain, Referenced) and domain.timed
        found = self._due.get((domain, timed))
        if found is None:
            found = self._due[domain, timed] = self._due_times(domain, timed=timed)
        return found

    def _due_times(self, domain: Domain, *, timed: bool) -> Rows:
        assert domain.parent is not None
        if not isinstance(domain, Referenced):
            return self.scheduled(domain.parent)[self.parent_rows(domain)]
        if not timed or domain.population is None:
            return self.scheduled(domain.parent)
        population = self.inputs.population(domain.population)
        return population.due_times(self.index(domain.parent), self.index(domain))

    # -- rows that raise ------------------------------------------------------------------------

    def raise_rows(self, domain: Domain, which: NDArray[np.bool_] | None) -> None:
        """Records that rows of a domain (all if None) raise."""
        events = self.rows(domain, self._graph.root)
        self.raised[events if which is None else events[which]] = True

    def find_raised(self, checks: Sequence[Node] = ()) -> None:
        """Finds the rows that raise, by `checks` and by the conditions in the graph."""
        for node in checks:
            self.value(node)
        for raising in self._graph.raising_rows:
            which = None if raising.condition is None else self.value(raising.condition)
            self.raise_rows(raising.domain, which)

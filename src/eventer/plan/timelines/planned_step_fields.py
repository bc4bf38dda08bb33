"""Fields of the events of steps that a plan has computed, as typed columns."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from eventer.core.model import ColumnType
from eventer.plan.column_reader import ColumnRequest, read_column
from eventer.plan.columnar_engine import Plan
from eventer.plan.execution import Execution
from eventer.plan.field_sources import FieldSource, TracedPart, find_field_sources
from eventer.plan.timelines.traced_steps import StepSource


@dataclass(frozen=True, slots=True, eq=False)
class PlannedStepFields:
    """The fields of a source's steps in a run, or those of what is written of them."""

    plan: Plan
    run: Execution
    source: StepSource
    written: bool

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`; an error has the index of the timeline."""
        domain, tracer = self.source.domain, self.plan.traced.tracer

        def find() -> tuple[FieldSource, ...]:
            with tracer.inside(domain):
                return find_field_sources(tracer, self._part, pointer, kind)

        known = self.source.field_sources
        request = (pointer, kind, self.written)
        if request not in known:
            known[request] = self.plan.extend(find)
        rows = ColumnRequest(pointer, kind, 0, self.run.size(domain))
        return read_column(known[request], self.run, domain, rows)

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        part, traced = self._part, self.plan.traced
        omitted = {name for name, inner in part.omitted.items() if inner is None}

        def names() -> frozenset[str]:
            with traced.tracer.inside(self.source.domain):
                return traced.names(part.value, self.run)

        return self.plan.extend(names) - omitted

    @property
    def _part(self) -> TracedPart:
        return self.source.part if self.written else self.source.whole

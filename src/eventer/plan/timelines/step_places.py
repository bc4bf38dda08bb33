"""Where a template has the steps of an evaluated timeline, for errors."""

from __future__ import annotations

from eventer.core.source import Span
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Value


def step_place(timeline: Value, number: int, field: str | None) -> Span | None:
    """The place of a step's field, or of its first field; None if the template does not write it.

    The timeline must have been evaluated.
    """
    step = timeline[number] if isinstance(timeline, Array) else None
    if not isinstance(step, Object):
        return None
    spans = {name: member.span for name, (_, member, _) in step.table.items()}
    if field is not None and spans.get(field) is not None:
        return spans[field]
    written = [span for span in spans.values() if span is not None]
    return min(written, key=lambda span: (span.source.name, span.start), default=None)

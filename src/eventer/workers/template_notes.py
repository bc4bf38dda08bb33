"""What an inspector says of a template beside its events: warnings and traces."""

from __future__ import annotations

from typing import Final

from eventer.core.source import Span
from eventer.plan.prepare import PreparedTemplate
from eventer.workers.inspector_messages import TemplateWarning

_MAX_TRACES: Final = 1_000
_MAX_TRACE_LENGTH: Final = 10_000


class TraceCollector:
    """The first messages of `std.trace`, shortened."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, message: str, place: Span | None) -> None:
        """Takes a message and the place of its call."""
        if len(self.lines) < _MAX_TRACES:
            where = "" if place is None else f"{place.source.name}:{place.line} "
            self.lines.append(where + message[:_MAX_TRACE_LENGTH])


def template_warnings(prepared: PreparedTemplate) -> tuple[TemplateWarning, ...]:
    """The warnings of the linter."""
    return tuple(TemplateWarning(w.message, w.place, w.hint) for w in prepared.warnings)

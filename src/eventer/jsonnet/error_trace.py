"""The stack trace of an error, innermost frame first."""

from __future__ import annotations

from typing import Final

from eventer.core.errors import TemplateError, TraceFrame
from eventer.core.source import Span

_MAX_FRAMES: Final = 24
"""The most frames kept, the innermost ones."""


def add_trace_frame(error: TemplateError, what: str, span: Span | None) -> None:
    """Gives an error a place if it has none, and adds the frame `what`."""
    if span is not None:
        error.at(span)
        if len(error.trace) < _MAX_FRAMES:
            error.trace = (*error.trace, TraceFrame(what, span.place()))

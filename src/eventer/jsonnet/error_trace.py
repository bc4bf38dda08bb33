"""The way to an error, noted while it passes: innermost frame first."""

from __future__ import annotations

from typing import Final

from eventer.core.errors import TemplateError, TraceFrame
from eventer.core.source import Span

_MAX_FRAMES: Final = 24
"""Frames kept: the innermost ones say what went wrong."""


def add_trace_frame(error: TemplateError, what: str, span: Span | None) -> None:
    """Gives an error a place if it has none, and notes that it passed through `what`."""
    if span is not None:
        error.at(span)
        if len(error.trace) < _MAX_FRAMES:
            error.trace = (*error.trace, TraceFrame(what, span.place()))

"""The error for constructs that the plan does not cover."""

from __future__ import annotations

from eventer.core.source import Place, Span


class PlanUnsupportedError(Exception):
    """The plan does not cover a construct at `span`; the interpreter runs the template instead.

    It never leaves this package.
    """

    def __init__(self, reason: str, span: Span | Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span

    def __str__(self) -> str:
        """The reason with line and column."""
        if self.span is None:
            return self.reason
        return f"{self.reason} (line {self.span.line}, column {self.span.column})"

    def copy(self) -> PlanUnsupportedError:
        """The same error without a traceback and a cause."""
        return type(self)(self.reason, self.span)

    def at(self, span: Span) -> PlanUnsupportedError:
        """Sets the place if there is none; returns the error itself."""
        if self.span is None:
            self.span = span
        return self

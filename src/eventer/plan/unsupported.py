"""What keeps a template off the plan."""

from __future__ import annotations

from eventer.core.source import Place, Span


class PlanUnsupportedError(Exception):
    """The plan does not cover a construct; the interpreter runs the template instead.

    No fault of the template: it never leaves this package. `reason` ends a sentence that begins
    with the template; `span` is the place of the construct, where one is to blame.
    """

    def __init__(self, reason: str, span: Span | Place | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.span = span

    def __str__(self) -> str:
        """The reason, with the line and column of its place."""
        if self.span is None:
            return self.reason
        return f"{self.reason} (line {self.span.line}, column {self.span.column})"

    def at(self, span: Span) -> PlanUnsupportedError:
        """Gives this refusal a place if it has none yet; returns itself."""
        if self.span is None:
            self.span = span
        return self

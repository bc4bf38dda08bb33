"""The recent errors of a generator: the newest one, and the earlier ones when they are opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from eventer.service.recent_errors import PastError
from eventer.service.views import GeneratorView
from eventer.web.format import format_clock
from eventer.web.layout import problem_box


class ErrorList:
    """Shows errors with their place in the template; a click on it calls `on_place`."""

    def __init__(self, on_place: Callable[[int], None]) -> None:
        self._on_place = on_place
        self._parent = ui.element("div").classes("stack")
        self._shown: object = None

    def show(self, view: GeneratorView, errors: Sequence[PastError]) -> None:
        """Shows these errors, newest first, if they are others than before."""
        shown = errors, view.state
        if shown == self._shown:
            return
        self._shown = shown
        self._parent.clear()
        if not errors:
            return
        current = view.state in ("failed", "waiting") and view.last_error is not None
        with self._parent:
            self._build_error(errors[0], mild=not current)
            if earlier := errors[1:]:
                title = f"{len(earlier)} earlier {'errors' if len(earlier) > 1 else 'error'}"
                with ui.element("details").classes("stack"):
                    with ui.element("summary"):
                        ui.label(title).style("display: inline")
                    for each in earlier:
                        self._build_error(each, mild=True)

    def _build_error(self, past: PastError, *, mild: bool) -> None:
        ui.label(occurrence_text(past)).classes("soft small")
        problem_box(past.error, self._on_place, mild=mild)


def occurrence_text(past: PastError) -> str:
    """When an error occurred, and how often."""
    if past.count == 1:
        return format_clock(past.at)
    first, last = format_clock(past.first_at), format_clock(past.at)
    last = last[11:] if first[:10] == last[:10] else last
    return f"{past.count:,} times, {first} to {last}"

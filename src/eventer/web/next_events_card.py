"""The next events of a generator, computed before they are due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.service.views import RecomputedEvents
from eventer.web.event_views import event_text
from eventer.web.layout import Visit, card, heading, plain_button, problem_box, show
from eventer.web.markup import Markup, joined, tag

_COUNT: Final = 5
_PROVISIONAL: Final = (
    "Provisional events refer to events of other generators. They may change before they are due."
)


class NextEventsCard:
    """Shows the next events when the reader asks for them."""

    def __init__(self, visit: Visit, id_: int) -> None:
        self._visit = visit
        self._id = id_

    def build(self) -> None:
        """Builds the card."""
        with card():
            with ui.element("div").classes("bar"):
                heading("The next events", 2)
                ui.label("computed before they are due").classes("soft small")
                ui.element("div").classes("grow")
                plain_button("Show", "visibility", self._show)
            self._events = ui.element("div").classes("stack").props('aria-live="polite"')

    async def _show(self) -> None:
        eventer = self._visit.eventer
        try:
            (view,) = await eventer.status(self._id)
            first = view.position if view.timelines is None else view.timelines
            found = await eventer.events(self._id, first, _COUNT)
        except EventerError as error:
            self._events.clear()
            with self._events:
                problem_box(error)
            return
        self._events.clear()
        with self._events:
            show(next_events_markup(found))
            if found.provisional_from is not None:
                ui.label(_PROVISIONAL).classes("soft small")


def next_events_markup(found: RecomputedEvents) -> Markup:
    """Events with their indices; those that may change are marked."""
    rows = (
        tag(
            "div",
            tag("div", name, class_="index"),
            tag("pre", joined((event_text(event, pretty=False), mark))),
            class_="event",
        )
        for name, mark, event in _named(found)
    )
    return tag(
        "div", *rows, class_="events", tabindex="0", role="region", aria_label="The next events"
    )


def _named(found: RecomputedEvents) -> Iterator[tuple[str, str, bytes]]:
    """The index of each event, or `timeline.step`; whether it is provisional; its text."""
    if found.steps:
        names = [(each.index, f"{each.index}.{each.step}") for each in found.steps]
    else:
        names = [(index, str(index)) for index in found.indices]
    for (index, name), event in zip(names, found.events, strict=True):
        yield name, _mark(found.provisional_from, index), event


def _mark(provisional_from: int | None, index: int) -> str:
    if provisional_from is None or index < provisional_from:
        return ""
    return joined((" ", tag("span", "provisional", class_="chip warn")))

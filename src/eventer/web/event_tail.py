"""The live tail of a generator: the newest events of one page."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.service.views import RecomputedEvents
from eventer.web.event_filter import HELP, event_filter
from eventer.web.event_views import event_text
from eventer.web.layout import Visit, card, heading, plain_button, say, say_error

_TAIL_ROWS: Final = 200
_REFILTERED: Final = 100
"""Committed events that a changed filter is applied to."""


class EventTail:
    """The events as they are committed. It reads nothing while the page is hidden."""

    def __init__(self, visit: Visit, id_: int) -> None:
        self._visit = visit
        self._id = id_
        self._task: asyncio.Task[None] | None = None
        self._following = True

    def build(self) -> None:
        """Builds the card, and follows the events until the page is closed."""
        with card():
            with ui.element("div").classes("bar"):
                heading("Live tail", 2)
                ui.label("at most 50 events per second").classes("soft small")
                ui.element("div").classes("grow")
                self._filter = (
                    ui.input(placeholder="Text, or /pointer=value", on_change=self._refilter)
                    .props('outlined dense clearable debounce=300 aria-label="Filter events"')
                    .style("width: 16rem")
                    .tooltip(f"Only events with {HELP}")
                )
                self._pretty = ui.switch("Pretty", value=False)
                plain_button("Copy", "content_copy", self._copy)
                self._button = plain_button("Stop", "pause", self._toggle)
            self._list = ui.element("div").classes("events tail").props('tabindex="0"')
            with self._list:
                ui.label("Waiting for events …").classes("soft tail-empty")
        client = ui.context.client
        client.on_delete(self._end)
        ui.on("studio-visible", lambda event: self._start() if event.args else self._end())
        ui.timer(0.1, lambda: self._start(last=20), once=True)

    def _start(self, last: int = 0) -> None:
        if self._following and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._follow(last))

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _toggle(self) -> None:
        self._following = not self._following
        self._button.text = "Stop" if self._following else "Continue"
        self._button.icon = "pause" if self._following else "play_arrow"
        if self._following:
            self._start()
        else:
            self._end()

    def _copy(self) -> None:
        """Copies the events that are shown, oldest first."""
        self._list.client.run_javascript(f"studioCopyTail('c{self._list.id}')")
        say("Copied")

    def _refilter(self) -> None:
        """Shows the newest events again, and then the new ones, with another filter."""
        if not self._following:
            return
        self._end()
        self._task = None
        self._list.client.run_javascript(f"studioTail('c{self._list.id}', [], 0, true)")
        self._start(last=_REFILTERED)

    async def _follow(self, last: int) -> None:
        try:
            async with aclosing(self._visit.eventer.tail(self._id, last=last)) as pages:  # type: ignore[type-var]  # it is a generator
                async for page in pages:
                    self._show(page)
        except EventerError as error:
            with self._list:
                say_error(error)

    def _show(self, page: RecomputedEvents) -> None:
        matches = event_filter(self._filter.value or "")
        shown = [
            [index, event_text(event, pretty=self._pretty.value)]
            for index, event in zip(page.indices, page.events, strict=True)
            if matches(event)
        ]
        if shown:
            arguments = json.dumps([f"c{self._list.id}", shown, _TAIL_ROWS, True])
            self._list.client.run_javascript(f"studioTail(...{arguments})")

"""The playground: write a template, see its events and the profile of its data, run it."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError, TemplateError
from eventer.core.source import Place
from eventer.core.timelines import TimelineSpec, parse_horizon
from eventer.service.example_catalog import Example, examples
from eventer.service.requests import PreviewRequest
from eventer.service.template_service import explanation_text
from eventer.service.views import Inspection, PreviewedEvents
from eventer.web.editor import editor_theme, mark_places, template_editor
from eventer.web.event_views import show_columns, show_events, show_table
from eventer.web.example_gallery import choose_example
from eventer.web.layout import (
    Visit,
    code_block,
    frame,
    heading,
    pause,
    plain_button,
    problem_box,
    prose,
    say,
    say_error,
)
from eventer.web.profile_view import show_profile
from eventer.web.run_dialog import open_run_dialog

_PAUSE_SECONDS: Final = 0.35
_EVENTS: Final = 20
_PROFILED: Final = 10_000
_START: Final = """local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

{
  id: get_integer(1, 1000),
  status: get_one_of('new, paid, shipped, returned'),
  placed_at: get_timestamp('now-7d', 'now', '1s'),
  customer: { name: get_rand_data().name, email: get_rand_data().email },
  amount_cents: get_integer(199, 19999) * get_integer(1, 4),
}
"""


async def build_playground_page(visit: Visit, example: str) -> None:
    """Builds the page, with an example if one is named; `gallery` opens the gallery."""
    known = examples()
    chosen = known.get(example) or Example("", "", _START)
    with frame(visit, "/playground", "Playground") as theme:
        page = _Playground(visit, chosen)
        await pause()
        await page.build()
        theme.on_change.append(page.set_dark)
        ui.timer(0.05, lambda: page.begin(gallery=example == "gallery"), once=True)


class _Playground:
    def __init__(self, visit: Visit, chosen: Example) -> None:
        self._visit = visit
        self._text = chosen.template
        self._horizon = chosen.horizon or ""
        self._seed = secrets.randbits(32)
        self._number = 0
        self._waiting: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    async def build(self) -> None:
        """Builds the page in two parts, between which the service answers requests."""
        with ui.element("div").classes("grid-play"):
            with ui.element("div").classes("stack"):
                self._build_toolbar()
                self._editor = template_editor(
                    self._text, dark=self._visit.dark, on_change=self._changed
                ).style("height: min(68vh, 46rem); min-height: 20rem")
                self._editor.map_key("Mod-Enter", self._evaluate)
                self._problems = ui.element("div").classes("stack").props('aria-live="polite"')
            await pause()
            self._build_results()

    def _build_toolbar(self) -> None:
        with ui.element("div").classes("bar"):
            heading("Playground")
            ui.element("div").classes("grow")
            plain_button("Examples", "auto_awesome", self.open_gallery)
            plain_button("Share", "link", self._share)
            plain_button("", "format_align_left", self._format).props(
                'aria-label="Format"'
            ).tooltip("Format")
            if self._visit.may_write:
                ui.button("Run it", icon="rocket_launch", on_click=self._run).props(
                    "unelevated no-caps color=none text-color=none"
                ).classes("btn-main")

    def _build_results(self) -> None:
        with ui.element("div").classes("stack"):
            with ui.element("div").classes("bar").style("min-height: 36px"):
                self._engine = ui.label("…").classes("chip")
                self._size = ui.label().classes("soft small num")
                ui.element("div").classes("grow")
                with ui.element("div").classes("bar").style("flex-wrap: nowrap"):
                    self._build_horizon()
                    self._build_seed()
            with ui.element("section").classes("studio-card").style("padding: .35rem 1rem 1rem"):
                self._tabs = ui.tabs(on_change=self._evaluate).props("dense no-caps align=left")
                with self._tabs:
                    for name in ("Events", "Table", "Profile", "Columns", "Engine"):
                        ui.tab(name)
                self._results = ui.tab_panels(self._tabs, value="Events", animated=False)
                with self._results.props("keep-alive").style("width: 100%"):
                    self._panels = {}
                    for name in ("Events", "Table", "Profile", "Columns", "Engine"):
                        with ui.tab_panel(name):
                            self._panels[name] = ui.element("div").classes("stack")

    def _build_horizon(self) -> None:
        self._horizon_input = (
            ui.input("Timeline", value=self._horizon, placeholder="30m", on_change=self._changed)
            .props("outlined dense")
            .style("width: 6.5rem")
        )
        self._horizon_input.tooltip(
            "The horizon of a template whose value is an array of steps; else empty"
        )

    def _timeline(self) -> TimelineSpec | None:
        """The timelines of the template; None if it makes events.

        Raises:
            RequestError: the horizon is invalid.
        """
        text = (self._horizon_input.value or "").strip()
        return TimelineSpec(parse_horizon(text)) if text else None

    def _build_seed(self) -> None:
        ui.label("Seed").classes("soft small")
        self._seed_input = (
            ui.input(value=str(self._seed), on_change=self._changed)
            .props('outlined dense aria-label="Seed"')
            .style("width: 9.5rem")
        )
        ui.button(icon="casino", on_click=self._draw_seed).props(
            'flat round dense color=grey aria-label="Another seed"'
        ).tooltip("Another seed")

    def set_dark(self, dark: bool) -> None:  # noqa: FBT001  the theme calls it
        """Follows the theme of the page."""
        self._editor.theme = editor_theme(dark=dark)  # type: ignore[assignment]

    async def begin(self, *, gallery: bool) -> None:
        """Loads the template in the address, if there is one, and shows its events."""
        shared = await ui.run_javascript(
            "return location.hash.startsWith('#template=') "
            "? decodeURIComponent(location.hash.slice(10)) : null",
            timeout=5,
        )
        if isinstance(shared, str):
            self._editor.value = shared
        await self._evaluate()
        if gallery:
            await self.open_gallery()

    # --- evaluation ---------------------------------------------------------------------------

    def _changed(self) -> None:
        """Evaluates the template when its writer pauses."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._start)

    def _start(self) -> None:
        self._running = asyncio.create_task(self._evaluate())

    def _request(self, count: int) -> PreviewRequest:
        text = self._seed_input.value.strip()
        seed = int(text) if text.isdecimal() and int(text) < 1 << 64 else self._seed
        template, timeline = self._editor.value or "", self._timeline()
        return PreviewRequest(template, seed=seed, count=count, timeline=timeline)

    async def _evaluate(self) -> None:
        """Shows what the template makes, unless it has changed in the meantime."""
        self._number += 1
        number = self._number
        try:
            preview, inspection = await asyncio.gather(
                self._visit.eventer.templates.preview(self._request(_EVENTS)),
                self._visit.eventer.templates.validate(self._request(_EVENTS)),
            )
        except EventerError as error:
            if number == self._number:
                self._show_error(error)
            return
        if number == self._number:
            self._show(preview, inspection)
            await self._show_tab(number)

    async def _show_tab(self, number: int) -> None:
        """Fills the tabs that take long, if they are open."""
        templates = self._visit.eventer.templates
        try:
            if self._tabs.value == "Profile":
                profile = await templates.profile(self._request(_PROFILED))
                if number == self._number:
                    self._panels["Profile"].clear()
                    with self._panels["Profile"]:
                        show_profile(profile)
            elif self._tabs.value == "Engine":
                explained = await templates.explain(self._request(1), measured=False)
                if number == self._number:
                    self._panels["Engine"].clear()
                    with self._panels["Engine"]:
                        code_block(explanation_text(explained))
        except EventerError as error:
            if number == self._number:
                self._show_error(error)

    def _show_error(self, error: EventerError) -> None:
        self._problems.clear()
        with self._problems:
            problem_box(error, self._editor.reveal_line)
        place = error.place if isinstance(error, TemplateError) else None
        marks = [(place, _with_hint(error), False)] if place is not None else []
        mark_places(self._editor, [m for m in marks if _is_of_editor(m[0])])
        self._results.classes(add="stale")
        self._engine.text = "does not evaluate"
        self._engine.classes(replace="chip warn")
        self._size.text = ""

    def _show(self, preview: PreviewedEvents, inspection: Inspection) -> None:
        self._problems.clear()
        self._results.classes(remove="stale")
        marks: list[tuple[Place, str, bool]] = []
        with self._problems:
            if inspection.failing is not None:
                problem_box(inspection.failing, self._editor.reveal_line)
                place = getattr(inspection.failing, "place", None)
                if place is not None:
                    marks.append((place, _with_hint(inspection.failing), False))
            for warning in preview.warnings:
                with ui.element("div").classes("problem mild"):
                    prose(warning.text)
                if warning.place is not None:
                    marks.append((warning.place, warning.text, True))
            for trace in preview.traces:
                ui.label(trace).classes("small mono soft")
        mark_places(self._editor, [m for m in marks if _is_of_editor(m[0])])
        self._show_engine(preview)
        self._panels["Events"].clear()
        with self._panels["Events"]:
            show_events(preview.events)
        self._panels["Table"].clear()
        with self._panels["Table"]:
            show_table(preview.events)
        self._panels["Columns"].clear()
        with self._panels["Columns"]:
            show_columns(inspection.shape)

    def _show_engine(self, preview: PreviewedEvents) -> None:
        fast = preview.engine == "plan"
        self._engine.text = "plan: fast" if fast else "interpreter"
        self._engine.classes(replace="chip good" if fast else "chip")
        size = sum(map(len, preview.events)) / max(1, len(preview.events))
        self._size.text = f"about {size:,.0f} B an event"

    # --- actions ------------------------------------------------------------------------------

    async def _draw_seed(self) -> None:
        self._seed = secrets.randbits(32)
        self._seed_input.value = str(self._seed)

    async def _format(self) -> None:
        """Formats the template, unless it has changed in the meantime."""
        text = self._editor.value or ""
        try:
            formatted = await self._visit.eventer.templates.format(text)
        except EventerError as error:
            self._show_error(error)
            return
        if formatted.changed and self._editor.value == text:
            self._editor.value = formatted.template
            await self._evaluate()

    def _share(self) -> None:
        ui.run_javascript(f"studioShare({json.dumps(self._editor.value or '')})")
        say("The link is copied")

    async def _run(self) -> None:
        try:
            self._visit.check_right()
            request = self._request(_EVENTS)
            inspection = await self._visit.eventer.templates.validate(request)
        except EventerError as error:
            say_error(error)
            return
        await open_run_dialog(self._visit, request, inspection)

    async def open_gallery(self) -> None:
        """Lets the reader choose an example."""
        chosen = await choose_example()
        if chosen is not None:
            self._horizon_input.value = chosen.horizon or ""
            self._editor.value = chosen.template
            await self._evaluate()


def _with_hint(error: EventerError) -> str:
    return error.message if error.hint is None else f"{error.message}\n{error.hint}"


def _is_of_editor(place: Place) -> bool:
    return place.name == "template"

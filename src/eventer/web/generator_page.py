"""The page of one generator: charts, its tail, its errors, verification, and its request."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError, NotFoundError
from eventer.service.template_service import explanation_text
from eventer.service.views import GeneratorView
from eventer.web.actions import confirm_removal, open_pace_dialog
from eventer.web.destination_card import build_destination
from eventer.web.editor import template_editor
from eventer.web.error_list import ErrorList
from eventer.web.event_tail import EventTail
from eventer.web.format import (
    format_bytes,
    format_clock,
    format_count,
    format_rate,
    format_seconds,
)
from eventer.web.generator_charts import GeneratorCharts
from eventer.web.generator_details import GeneratorDetails
from eventer.web.layout import (
    Visit,
    card,
    code_block,
    frame,
    heading,
    live,
    pause,
    plain_button,
    problem_box,
    say_error,
)
from eventer.web.next_events_card import NextEventsCard
from eventer.web.pace_card import PaceCard
from eventer.web.request_texts import (
    command_text,
    curl_text,
    json_text,
    preview_of,
    request_of,
)
from eventer.web.rows import pace_text, target_label
from eventer.web.verification_card import build_verification

_CHART_SECONDS: Final = 2.0


async def build_generator_page(visit: Visit, reference: str) -> None:
    """Builds the page of the generator with this id or name."""
    try:
        (view,) = await visit.eventer.status(int(reference) if reference.isdecimal() else reference)
    except NotFoundError as error:
        with frame(visit, "", "Not found"):
            problem_box(error)
            ui.link("All generators", "/")
        return
    with frame(visit, "", view.name) as theme:
        page = _GeneratorPage(visit, view)
        await page.build()
        theme.on_change.append(page.set_dark)
        live(1.0, page.update)
        live(_CHART_SECONDS, page.charts.update)


class _GeneratorPage:
    def __init__(self, visit: Visit, view: GeneratorView) -> None:
        self._visit = visit
        self._view = view
        self._id = view.id
        self.charts = GeneratorCharts(visit.sampler, view.id)

    async def build(self) -> None:
        """Builds the page in parts, between which the service answers requests."""
        self._build_head()
        self._facts = ui.element("div").classes("stats")
        self._errors = ErrorList(self._reveal_line)
        await pause()
        self.charts.build()
        await pause()
        self._pace_card = PaceCard(self._visit, self._id)
        self._pace_card.build()
        EventTail(self._visit, self._id).build()
        NextEventsCard(self._visit, self._id).build()
        await pause()
        with ui.element("div").classes("grid2"):
            with ui.element("div").classes("stack"):
                build_verification(self._visit, self._id)
                build_destination(self._view)
                self._details = GeneratorDetails()
            await pause()
            with ui.element("div").classes("stack"):
                self._build_template()
                _build_request(self._visit, self._view)
        self._stats = _Facts(self._facts)
        self._show()
        self.charts.update()

    def _build_head(self) -> None:
        with ui.element("div").classes("bar page-head"):
            with ui.element("div").classes("grow"):
                with ui.element("div").classes("bar"):
                    heading(self._view.name)
                    self._state = ui.label().classes("state")
                ui.label(f"{target_label(self._view.target)} · generator {self._id}").classes(
                    "soft small mono"
                )
            span = ui.toggle({False: "5 min", True: "1 h"}, value=False)
            span.on_value_change(lambda event: self.charts.show_span(hour=bool(event.value)))
            span.props('dense no-caps unelevated aria-label="Time span of the charts"')
            span.classes("seg")
            if self._visit.may_write:
                self._pause = plain_button("Pause", "pause", self._toggle)
                plain_button("Change pace", "speed", self._repace)
                plain_button("Remove", "delete", self._remove)

    def _build_template(self) -> None:
        with card():
            with ui.tabs(on_change=self._explain).props("dense no-caps align=left") as self._tabs:
                names = [ui.tab(name) for name in ("Template", "Plan")]
            with ui.tab_panels(self._tabs, value=names[0], animated=False).props("keep-alive"):
                with ui.tab_panel(names[0]):
                    text = self._view.record.spec.event_source.template.text
                    self._editor = template_editor(text, dark=self._visit.dark)
                    self._editor.style("height: 20rem").disable()
                with ui.tab_panel(names[1]):
                    self._plan = ui.element("div").classes("stack")

    async def _explain(self) -> None:
        """Fills the tab of the plan when it is opened."""
        if self._tabs.value != "Plan":
            return
        templates = self._visit.eventer.templates
        try:
            request = preview_of(self._view.record)
            text = explanation_text(await templates.explain(request, measured=False))
        except EventerError as error:
            text = error.message
        self._plan.clear()
        with self._plan:
            code_block(text)

    def set_dark(self, dark: bool) -> None:  # noqa: FBT001  the theme calls it
        self._editor.theme = "githubDark" if dark else "githubLight"

    def _reveal_line(self, line: int) -> None:
        self._editor.reveal_line(line)

    async def update(self) -> None:
        """Shows the newest values."""
        try:
            (self._view,) = await self._visit.eventer.status(self._id)
        except NotFoundError:
            ui.navigate.to("/")
            return
        self._show()

    def _show(self) -> None:
        view = self._view
        self._state.text = view.state.value
        self._state.classes(replace=f"state {view.state.value}")
        if self._visit.may_write:
            running = view.record.state.value == "running"
            self._pause.text = "Pause" if running else "Resume"
            self._pause.icon = "pause" if running else "play_arrow"
        self._stats.show(view)
        self._details.show(view)
        self._errors.show(view, self._visit.eventer.recent_errors(self._id))

    async def _toggle(self) -> None:
        self._visit.check_right()
        eventer = self._visit.eventer
        try:
            if self._view.record.state.value == "running":
                await eventer.pause(self._id)
            else:
                await eventer.resume(self._id)
        except EventerError as error:
            say_error(error)
        await self.update()

    async def _repace(self) -> None:
        if await open_pace_dialog(self._visit, [self._view]):
            await self.update()
            self._pace_card.update()

    async def _remove(self) -> None:
        if await confirm_removal(self._visit, [self._id]):
            ui.navigate.to("/")


class _Facts:
    """The numbers on top."""

    def __init__(self, parent: ui.element) -> None:
        self._labels = {}
        with parent:
            for name in ("Pace", "Delivered", "Events", "Lag", "Late", "Size"):
                with ui.element("div").classes("stat"):
                    ui.label(name).classes("label")
                    self._labels[name] = (
                        ui.label("-").classes("value"),
                        ui.label().classes("note"),
                    )

    def show(self, view: GeneratorView) -> None:
        """Shows these values."""
        next_tick = "" if view.next_tick is None else f"next {format_clock(view.next_tick)[11:]}"
        skipped = f"{format_count(view.skipped)} skipped" if view.skipped else "committed"
        limited = f"limited by the {view.limited_by}" if view.limited_by else "not committed yet"
        for name, value, note in (
            ("Pace", format_rate(view.requested_rate), pace_text(view)),
            ("Delivered", format_rate(view.delivered_rate), f"{view.retries} retries"),
            ("Events", format_count(view.position), skipped),
            ("Lag", format_count(view.lag), limited),
            ("Late", format_seconds(view.overdue), next_tick),
            ("Size", format_bytes(view.bytes), "of JSON text"),
        ):
            self._labels[name][0].text, self._labels[name][1].text = value, note


def _build_request(visit: Visit, view: GeneratorView) -> None:
    """The request that adds the generator again, in three forms."""
    request = request_of(view.record)
    with card("The request that adds it again"):
        with ui.tabs().props("dense no-caps align=left") as tabs:
            names = [ui.tab(name) for name in ("curl", "Command line", "JSON")]
        with (
            ui.tab_panels(tabs, value=names[0], animated=False)
            .props("keep-alive")
            .style("width: 100%")
        ):
            for name, text in zip(
                names,
                (
                    curl_text(request, visit.url, token=visit.token),
                    command_text(request, visit.url),
                    json_text(request),
                ),
                strict=True,
            ):
                with ui.tab_panel(name):
                    code_block(text)

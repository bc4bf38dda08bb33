"""The page of one generator: charts, its tail, its errors, verification, and its request."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError, NotFoundError
from eventer.service.template_service import explanation_text
from eventer.service.views import GeneratorView
from eventer.web import charts
from eventer.web.actions import confirm_removal, open_pace_dialog
from eventer.web.destination_card import build_destination
from eventer.web.editor import template_editor
from eventer.web.event_tail import EventTail
from eventer.web.format import (
    format_bytes,
    format_clock,
    format_count,
    format_rate,
    format_seconds,
)
from eventer.web.layout import (
    Visit,
    card,
    code_block,
    frame,
    heading,
    live,
    plain_button,
    problem_box,
    say_error,
)
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
        page.build()
        theme.on_change.append(page.set_dark)
        live(1.0, page.update)
        live(_CHART_SECONDS, page.update_charts)


class _GeneratorPage:
    def __init__(self, visit: Visit, view: GeneratorView) -> None:
        self._visit = visit
        self._view = view
        self._id = view.id
        self._hour = False

    def build(self) -> None:
        self._build_head()
        self._facts = ui.element("div").classes("stats")
        self._errors = ui.element("div").classes("stack")
        self._shown_error: object = None
        with ui.element("div").classes("grid2"):
            self._build_charts()
        self._pace_card = PaceCard(self._visit, self._id)
        self._pace_card.build()
        EventTail(self._visit, self._id).build()
        with ui.element("div").classes("grid2"):
            with ui.element("div").classes("stack"):
                build_verification(self._visit, self._id)
                build_destination(self._view)
                self._build_details()
            with ui.element("div").classes("stack"):
                self._build_template()
                _build_request(self._visit, self._view)
        self._stats = _Facts(self._facts)
        self._show()
        self.update_charts()

    def _build_head(self) -> None:
        with ui.element("div").classes("bar page-head"):
            with ui.element("div").classes("grow"):
                with ui.element("div").classes("bar"):
                    heading(self._view.name)
                    self._state = ui.label().classes("state")
                ui.label(f"{target_label(self._view.target)} · generator {self._id}").classes(
                    "soft small mono"
                )
            ui.toggle({False: "5 min", True: "1 h"}, value=False, on_change=self._set_span).props(
                "dense no-caps unelevated"
            ).classes("seg")
            if self._visit.may_write:
                self._pause = plain_button("Pause", "pause", self._toggle)
                plain_button("Change pace", "speed", self._repace)
                plain_button("Remove", "delete", self._remove)

    def _build_charts(self) -> None:
        self._charts = []
        for title, lines, formatter in (
            ("Events delivered", charts.DELIVERY, charts.RATE),
            ("Lateness", charts.LATENESS, charts.SECONDS),
            ("Lag", charts.LAG, charts.NUMBER),
            ("JSON text", charts.THROUGHPUT, charts.BYTES),
        ):
            with card():
                heading(title, 2)
                chart = ui.echart(charts.chart_options(lines, formatter)).style("height: 190px")
                self._charts.append((chart, lines))

    def _set_span(self, event: object) -> None:
        self._hour = bool(getattr(event, "value", False))
        self.update_charts()

    def _build_details(self) -> None:
        record, spec = self._view.record, self._view.record.spec
        with card("Details"), ui.element("dl").classes("kv"):
            for name, value in (
                ("Delivery", self._view.delivery or "not known until it is connected"),
                ("Engine", spec.engine),
                ("Why not the plan", spec.engine_reason),
                ("Seed", str(spec.stream.seed)),
                ("Stream", spec.stream.name),
                ("Dataset", spec.event_source.context.dataset),
                ("On an error", spec.on_error.value),
                ("After a stop", spec.catch_up.value),
                ("Added", format_clock(record.created_at)),
            ):
                if value:
                    _fact(name, value)

    def _build_template(self) -> None:
        with card():
            with ui.tabs(on_change=self._explain).props("dense no-caps align=left") as self._tabs:
                names = [ui.tab(name) for name in ("Template", "Plan")]
            with ui.tab_panels(self._tabs, value=names[0]).props("keep-alive"):
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
        self._show_error()

    def _show_error(self) -> None:
        failure = self._view.last_error
        shown = (failure and failure.at, self._view.state)
        if shown == self._shown_error:
            return
        self._shown_error = shown
        self._errors.clear()
        if failure is None:
            return
        with self._errors:
            ui.label(f"Last error, {format_clock(failure.at)}").classes("soft small")
            past = self._view.state.value == "running"
            problem_box(failure.error, self._editor.reveal_line, mild=past)

    def update_charts(self) -> None:
        """Draws the newest samples."""
        history = self._visit.sampler.histories.get(self._id)
        if history is None:
            return
        samples = list(history.hour if self._hour else history.recent)
        for chart, lines in self._charts:
            for number, data in enumerate(charts.series_data(lines, samples)):
                chart.options["series"][number]["data"] = data
            chart.update()

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
        with ui.tab_panels(tabs, value=names[0]).props("keep-alive").style("width: 100%"):
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


def _fact(name: str, value: str) -> None:
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        ui.label(value)

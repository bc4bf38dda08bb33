"""The dialog that makes a generator of a template: destination, key and pace."""

from __future__ import annotations

import asyncio

from nicegui import ui

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import EventerError
from eventer.core.pace import ticks
from eventer.service.connections import environment_name
from eventer.service.requests import AddRequest, EventRequest, PreviewRequest
from eventer.service.target_option_fields import kind_title
from eventer.service.views import Inspection
from eventer.web.layout import Visit, answer_of, code_block, heading, named_dialog, problem_box, say
from eventer.web.pace_fields import PaceFields
from eventer.web.request_texts import curl_text, single_request
from eventer.web.rows import pace_text, target_name
from eventer.web.target_form import TargetForm


async def open_run_dialog(visit: Visit, request: PreviewRequest, inspection: Inspection) -> None:
    """Asks where and how fast to deliver, and adds the generator."""
    with named_dialog("Run it") as dialog, ui.card().classes("dialog"):
        _RunDialog(visit, request, inspection, dialog).build()
    added = await answer_of(dialog)
    if isinstance(added, str):
        ui.navigate.to(f"/generators/{added}")


def _label(connection: str, kind: str) -> str:
    """What a destination is called: its kind, and its connection unless that has the same name."""
    title = kind_title(kind)
    return title if connection == kind else f"{title} · {connection}"


class _RunDialog:
    def __init__(
        self, visit: Visit, request: PreviewRequest, inspection: Inspection, dialog: ui.dialog
    ) -> None:
        self._visit = visit
        self._template, self._timeline = request.template, request.timeline
        self._fields = [column.name for column in inspection.shape.columns]
        self._dialog = dialog

    def build(self) -> None:
        """Builds the inputs."""
        heading("Run it", 2)
        self._known = self._visit.eventer.connections()
        ready = [name for name, each in self._known.items() if each.connector is not None]
        first = (ready or list(self._known))[0]
        self._connection = ui.select(
            {name: _label(name, each.kind) for name, each in self._known.items()},
            label="Destination",
            value=first,
            on_change=self._show_form,
        ).props("outlined dense options-dense")
        self._note = ui.label().classes("soft")
        self._target = ui.element("div").classes("stack")
        self._form = self._build_form("playground")
        self._pace = PaceFields(self._visit, ticks(10, NS_PER_SECOND))
        with ui.element("div").classes("bar"):
            self._generator_name, self._dataset = (
                ui.input(f"{label} (optional)").props("outlined dense").classes("grow")
                for label in ("Name", "Dataset")
            )
        self._problem = ui.element("div").classes("stack")
        with ui.expansion("The same as a request").props("dense").style("width: 100%") as more:
            self._curl = ui.element("div").style("width: 100%")
        more.on_value_change(self._show_request)
        with ui.element("div").classes("bar").style("justify-content: flex-end"):
            ui.button("Cancel", on_click=lambda: self._dialog.submit(None)).props(
                "flat no-caps color=none text-color=none"
            ).classes("btn-plain")
            self._add = (
                ui.button("Add generator", on_click=self._run)
                .props("unelevated no-caps color=none text-color=none")
                .classes("btn-main")
            )
        self._show_note()

    def _build_form(self, location: str) -> TargetForm:
        """The options of the chosen destination."""
        name = self._connection.value
        with self._target:
            return TargetForm(self._known[name].kind, name, location, self._fields)

    def _show_form(self) -> None:
        location = self._form.location
        self._target.clear()
        self._form = self._build_form(location)
        self._show_note()

    def _show_note(self) -> None:
        name = self._connection.value
        known = self._known[name]
        self._note.set_visibility(known.connector is None)
        setting = environment_name(known.setting)
        self._note.text = f"Connection {name!r} has no {known.missing}: set {setting}."

    def _request(self) -> AddRequest:
        target = self._form.target()
        event = EventRequest(
            self._template,
            id=target_name(target),
            pace=self._pace.pace(),
            dataset=(self._dataset.value or "").strip() or None,
            field="template",
            timeline=self._timeline,
        )
        return single_request(event, target, (self._generator_name.value or "").strip() or None)

    def _show_request(self) -> None:
        self._curl.clear()
        with self._curl:
            try:
                code_block(curl_text(self._request(), self._visit.url, token=self._visit.token))
            except EventerError as error:
                problem_box(error)

    async def _run(self) -> None:
        self._add.disable()
        self._problem.clear()
        try:
            self._visit.check_right()
            (view,) = await self._visit.eventer.add(self._request())
        except EventerError as error:
            with self._problem:
                problem_box(error)
        else:
            say(pace_text(view))
            await asyncio.sleep(0)
            self._dialog.submit(view.name)
        finally:
            self._add.enable()

"""The dialog that makes a generator of a template: destination, key and pace."""

from __future__ import annotations

import asyncio
from typing import Final

from nicegui import ui

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import EventerError, RequestError
from eventer.core.model import KafkaTarget, PostgresTarget, Target
from eventer.core.pace import ticks
from eventer.service.requests import AddRequest, EventRequest, PreviewRequest
from eventer.service.views import Inspection
from eventer.web.layout import Visit, answer_of, code_block, heading, named_dialog, problem_box, say
from eventer.web.pace_fields import PaceFields
from eventer.web.request_texts import curl_text, single_request
from eventer.web.rows import pace_text, target_name

_KINDS: Final = {"kafka": "Kafka topic", "postgres": "PostgreSQL table"}


async def open_run_dialog(visit: Visit, request: PreviewRequest, inspection: Inspection) -> None:
    """Asks where and how fast to deliver, and adds the generator."""
    with named_dialog("Run it") as dialog, ui.card().classes("dialog"):
        _RunDialog(visit, request, inspection, dialog).build()
    added = await answer_of(dialog)
    if isinstance(added, str):
        ui.navigate.to(f"/generators/{added}")


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
        known = self._visit.eventer.connections()
        kinds = [kind for kind in _KINDS if kind in known]
        ready = [kind for kind in kinds if known[kind].connector is not None]
        self._kind = (
            ui.toggle(
                {kind: _KINDS[kind] for kind in kinds},
                value=(ready or kinds)[0],
                on_change=self._show_kind,
            )
            .props("no-caps unelevated spread")
            .classes("seg")
        )
        with ui.element("div").classes("bar"):
            self._name = (
                ui.input("Topic", value="playground")
                .props("outlined dense autofocus")
                .classes("grow")
            )
            self._key = (
                ui.select(self._fields, label="Key", clearable=True)
                .props("outlined dense options-dense")
                .classes("grow")
            )
        self._note = ui.label().classes("soft small")
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
        self._show_kind()

    def _show_kind(self) -> None:
        kind = self._kind.value
        self._name.props(f'label="{"Topic" if kind == "kafka" else "Table"}"')
        self._key.props(f'label="{"Record key" if kind == "kafka" else "Update rows by"}"')
        known = self._visit.eventer.connections()[kind]
        if known.connector is None:
            self._note.text = f"Connection {kind!r} has no address: set `{known.setting}`."
        elif kind == "kafka":
            self._note.text = "Eventer creates the topic if it does not exist."
        else:
            self._note.text = "Eventer creates the table, and adds missing columns."

    def _target(self) -> Target:
        name, key = (self._name.value or "").strip(), self._key.value
        if not name:
            raise RequestError("the topic or table needs a name")
        if self._kind.value == "kafka":
            return KafkaTarget(name, key=key or None)
        return PostgresTarget(name, key=(key,) if key else None)

    def _request(self) -> AddRequest:
        target = self._target()
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

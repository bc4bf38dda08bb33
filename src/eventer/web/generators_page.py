"""The page of all generators: a live table and what can be done with several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.web.actions import confirm_removal, open_pace_dialog
from eventer.web.format import format_bytes, format_count, format_rate, format_seconds
from eventer.web.layout import Visit, frame, heading, live, pause, say, say_error
from eventer.web.rows import Totals
from eventer.web.sparkline import SPARK_HEIGHT, SPARK_WIDTH

_PERIOD_SECONDS: Final = 1.0
_ROWS_PER_PAGE: Final = 50

_COLUMNS: Final[list[dict[str, Any]]] = [
    {"name": "name", "label": "Name", "field": "name", "align": "left", "sortable": True},
    {"name": "state", "label": "State", "field": "state", "align": "left", "sortable": True},
    {"name": "requested", "label": "Requested", "field": "requested", "sortable": True},
    {"name": "delivered", "label": "Delivered", "field": "delivered", "sortable": True},
    {"name": "spark", "label": "Last 5 minutes", "field": "spark", "align": "left"},
    {"name": "position", "label": "Events", "field": "position", "sortable": True},
    {"name": "lag", "label": "Lag", "field": "lag", "sortable": True},
    {"name": "overdue", "label": "Late", "field": "overdue", "sortable": True},
    {"name": "error", "label": "Last error", "field": "error", "align": "left", "sortable": True},
]
_SPARK: Final = (
    f'<svg class="spark" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" aria-hidden="true">'
    '<polyline :points="props.row.spark" /></svg>'
)
_NAME: Final = """<a :href="'/generators/' + props.row.name">{{ props.row.name }}</a>
  <div class="soft small" :title="props.row.note">{{ props.row.note }}</div>"""
_STATE: Final = """<span :class="'state ' + props.row.state">{{ props.row.state }}</span>"""

_SELECTED: Final = 'v-model="props.selected" :aria-label="`Select ${props.row.name}`"'
_ERROR: Final = """<span :title="props.row.error" :class="props.row.past ? 'past' : ''">{{
  props.row.error }}</span>"""


def _cell(name: str, content: str, classes: str = "") -> tuple[str, str]:
    return f"body-cell-{name}", f'<q-td :props="props" class="{classes}">{content}</q-td>'


_SLOTS: Final = (
    _cell("name", _NAME, "name"),
    _cell("state", _STATE),
    _cell("requested", "{{ props.row.requested_text }}"),
    _cell("delivered", "{{ props.row.delivered_text }}"),
    _cell("spark", _SPARK),
    _cell("position", "{{ props.row.position_text }}"),
    _cell("lag", "{{ props.row.lag_text }}"),
    _cell(
        "overdue",
        "<span :class=\"props.row.late ? 'late' : ''\">{{ props.row.overdue_text }}</span>",
    ),
    _cell("error", _ERROR, "err"),
)
_SELECTION_SLOTS: Final = (
    ("header-selection", '<q-checkbox v-model="props.selected" aria-label="Select all" />'),
    ("body-selection", f"<q-checkbox {_SELECTED} />"),
)


def _card_slot(*, may_write: bool) -> tuple[str, str]:
    """A generator on a narrow page."""
    checkbox = f"<q-checkbox dense {_SELECTED} />" if may_write else ""
    return (
        "item",
        f"""<div class="q-pa-xs col-12"><div class="gen-card">
  <div class="bar">{checkbox}<div class="name grow">{_NAME}</div>{_STATE}</div>
  <div class="bar num" style="margin-top:.5rem"><span>{{{{ props.row.delivered_text }}}}
    <span class="soft small">of {{{{ props.row.requested_text }}}}</span></span>
    <span class="grow">{_SPARK}</span>
    <span class="small" :class="props.row.late ? 'late' : 'soft'">
      {{{{ props.row.overdue_text }}}} late</span></div>
  <div v-if="props.row.error && !props.row.past" class="error-text small">{{{{
    props.row.error }}}}</div>
</div></div>""",
    )


async def build_generators_page(visit: Visit) -> None:
    """Builds the page."""
    with frame(visit, "/", "Generators"):
        await pause()
        await _GeneratorsPage(visit).build()


class _GeneratorsPage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: Sequence[dict[str, Any]] = ()

    async def build(self) -> None:
        self._stats = _Stats()
        self._empty = ui.element("section").classes("studio-card empty")
        with self._empty:
            _build_empty(may_write=self._visit.may_write)
        await pause()
        self._list = ui.element("section").classes("studio-card flush")
        with self._list:
            self._build_toolbar()
            await pause()
            self._build_table()
        self._show_totals()
        live(_PERIOD_SECONDS, self._update)  # sends the rows as soon as the page is connected

    def _build_toolbar(self) -> None:
        with ui.element("div").classes("bar").style("padding: .8rem 1rem"):
            heading("Generators")
            ui.element("div").classes("grow")
            self._filter = (
                ui.input(placeholder="Filter", on_change=self._show)
                .props('outlined dense clearable debounce=150 aria-label="Filter"')
                .classes("wide")
                .style("width: 14rem")
            )
            if self._visit.may_write:
                ui.button("New", icon="add", on_click=lambda: ui.navigate.to("/playground")).props(
                    "unelevated no-caps color=none text-color=none"
                ).classes("btn-main")
        self._actions = ui.element("div").classes("bar").style("padding: 0 1rem .8rem")
        with self._actions:
            self._selected_text = ui.label().classes("small soft")
            for text, icon, handler in (
                ("Pause", "pause", self._pause),
                ("Resume", "play_arrow", self._resume),
                ("Change pace", "speed", self._repace),
                ("Remove", "delete", self._remove),
            ):
                ui.button(text, icon=icon, on_click=handler).props(
                    "flat dense no-caps color=none text-color=none"
                ).classes("btn-plain q-px-sm")
        self._actions.set_visibility(False)

    def _build_table(self) -> None:
        selection = "multiple" if self._visit.may_write else None
        self._table = ui.table(
            rows=[],
            columns=[dict(column) for column in _COLUMNS],
            row_key="id",
            selection=selection,  # type: ignore[arg-type]  # one of the permitted texts
            pagination={"rowsPerPage": _ROWS_PER_PAGE, "sortBy": None},
            on_select=self._on_select,
        )
        self._table.props('flat :grid="window.innerWidth < 860" binary-state-sort').style(
            "width: 100%"
        )
        may_write = self._visit.may_write
        slots = (*_SLOTS, *(_SELECTION_SLOTS if may_write else ()), _card_slot(may_write=may_write))
        for name, template in slots:
            self._table.add_slot(name, template)

    def _on_select(self) -> None:
        count = len(self._table.selected)
        self._actions.set_visibility(count > 0)
        self._selected_text.text = f"{count} selected"

    def _update(self) -> None:
        """Shows the newest rows, if there are any since the last call."""
        if self._shown is not self._visit.rows.rows:
            self._show_totals()
            self._show()

    def _show_totals(self) -> None:
        rows = self._visit.rows
        self._stats.show(rows.totals)
        self._empty.set_visibility(not rows.rows)
        self._list.set_visibility(bool(rows.rows))

    def _show(self) -> None:
        self._shown = self._visit.rows.rows
        wanted = (self._filter.value or "").lower()
        rows = [row for row in self._shown if not wanted or wanted in _searched(row)]
        self._table.rows = rows
        paged = len(rows) > _ROWS_PER_PAGE
        self._table.props(
            remove="hide-pagination" if paged else "", add="" if paged else "hide-pagination"
        )
        known = {row["id"] for row in self._shown}
        if any(row["id"] not in known for row in self._table.selected):
            self._table.selected = [row for row in self._table.selected if row["id"] in known]
            self._on_select()

    def _ids(self) -> list[int]:
        return [int(row["id"]) for row in self._table.selected]

    async def _pause(self) -> None:
        await self._for_each(self._visit.eventer.pause, "paused")

    async def _resume(self) -> None:
        await self._for_each(self._visit.eventer.resume, "running")

    async def _for_each(self, action: Callable[[int], Awaitable[object]], what: str) -> None:
        self._visit.check_right()
        answers = await asyncio.gather(*map(action, self._ids()), return_exceptions=True)
        await self._done(answers, what)

    async def _done(self, answers: Iterable[object], what: str) -> None:
        good = 0
        for answer in answers:
            if isinstance(answer, EventerError):
                say_error(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                good += 1
        if good:
            say(f"{good} {what}")
        await self._refresh()

    async def _remove(self) -> None:
        if await confirm_removal(self._visit, self._ids()):
            self._table.selected = []
            self._on_select()
            await self._refresh()

    async def _repace(self) -> None:
        views = [v for v in self._visit.sampler.snapshot.generators if v.id in set(self._ids())]
        if views and await open_pace_dialog(self._visit, views):
            await self._refresh()

    async def _refresh(self) -> None:
        await self._visit.sampler.refresh()
        self._update()


def _searched(row: Mapping[str, Any]) -> str:
    return " ".join(
        str(row[name]) for name in ("name", "target", "note", "state", "id", "error")
    ).lower()


class _Stats:
    """The totals on top."""

    def __init__(self) -> None:
        with ui.element("div").classes("stats"):
            self._generators = _stat("Generators")
            self._rate = _stat("Delivered")
            self._lag = _stat("Lag")
            self._late = _stat("Late")
            self._bytes = _stat("Delivered in total")

    def show(self, totals: Totals) -> None:
        """Shows these totals."""
        failing = f", {totals.failing} with a problem" if totals.failing else ""
        self._generators(format_count(totals.generators), f"{totals.running} running{failing}")
        self._rate(format_rate(totals.delivered), f"of {format_rate(totals.requested)} requested")
        self._lag(format_count(totals.lag), "events due and not committed")
        self._late(format_seconds(totals.overdue), "the oldest event that is due")
        self._bytes(format_bytes(totals.bytes), "of JSON text")


def _stat(label: str) -> Callable[[str, str], None]:
    with ui.element("div").classes("stat"):
        ui.label(label).classes("label")
        value = ui.label("-").classes("value")
        note = ui.label().classes("note")

    def show(text: str, below: str) -> None:
        value.text, note.text = text, below

    return show


def _build_empty(*, may_write: bool) -> None:
    heading("No generators yet")
    ui.label(
        "A generator creates events from a template and delivers them on schedule to a Kafka "
        "topic, a table, files or a web service. Start from an example, or write a template in the "
        "playground."
    ).classes("soft").style("max-width: 34rem")
    with ui.element("div").classes("bar").style("justify-content: center"):
        if may_write:
            ui.button(
                "Choose an example", on_click=lambda: ui.navigate.to("/playground?example=gallery")
            ).props("unelevated no-caps color=none text-color=none").classes("btn-main")
        ui.button("Open the playground", on_click=lambda: ui.navigate.to("/playground")).props(
            "flat no-caps color=none text-color=none"
        ).classes("btn-plain")
        ui.button("Read about the functions", on_click=lambda: ui.navigate.to("/reference")).props(
            "flat no-caps color=none text-color=none"
        ).classes("btn-plain")

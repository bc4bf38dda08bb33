"""The page of connections: each with its state, its last error, and what it is used for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.service.views import ConnectionReport, GeneratorView
from eventer.web.connection_status import (
    MAX_PLACES,
    ConnectionStatus,
    connection_statuses,
    place_headers,
    place_rows,
)
from eventer.web.format import format_count
from eventer.web.layout import (
    Visit,
    card,
    frame,
    heading,
    live,
    plain_button,
    problem_box,
    show,
)
from eventer.web.markup import Markup, joined, table_markup, tag

_PERIOD_SECONDS: Final = 2.0
_SHOWN: Final = 50
"""Generators of a connection that are shown."""
_KINDS: Final = {
    "kafka": "Kafka",
    "postgres": "PostgreSQL",
    "file": "Files",
    "http": "HTTP",
    "mysql": "MySQL",
}


def build_connections_page(visit: Visit) -> None:
    """Builds the page."""
    with frame(visit, "/connections", "Connections"):
        _ConnectionsPage(visit).build()


class _ConnectionsPage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._statuses: dict[str, ConnectionStatus] = {}
        self._cards: dict[str, _ConnectionCard] = {}
        self._tests: dict[str, ConnectionReport | EventerError | None] = {}
        """The newest result of each tested connection; None while a test runs."""

    def build(self) -> None:
        with ui.element("div").classes("bar"):
            heading("Connections")
            ui.label("The settings of the service define them.").classes("soft")
        self._grid = ui.element("div").classes("grid2")
        self._update()
        live(_PERIOD_SECONDS, self._update)

    def _update(self) -> None:
        """Shows the state of each connection."""
        known, snapshot = self._visit.eventer.connections(), self._visit.sampler.snapshot
        for status in connection_statuses(known, snapshot):
            name = status.name
            self._statuses[name] = status
            if name not in self._cards:
                with self._grid:
                    on_test = partial(self._test, name) if self._visit.may_write else None
                    self._cards[name] = _ConnectionCard(status, on_test)
            running = name in self._tests and self._tests[name] is None
            self._cards[name].show(status, self._tests.get(name), running=running)

    async def _test(self, name: str) -> None:
        """Tests a connection and shows the result in its card."""
        self._visit.check_right()
        self._tests[name] = None
        self._update()
        try:
            targets = sorted(self._statuses[name].places)[:MAX_PLACES]
            self._tests[name] = await self._visit.eventer.test_connection(name, targets)
        except EventerError as error:
            self._tests[name] = error
        self._update()


class _ConnectionCard:
    """A connection. Its button is built once: a click on one that is replaced would be lost."""

    def __init__(self, status: ConnectionStatus, on_test: Callable[[], object] | None) -> None:
        self._shown: object = None
        self._button: ui.button | None = None
        with card():
            with ui.element("div").classes("bar"):
                heading(status.name, 2)
                self._state = ui.label()
                ui.element("div").classes("grow")
                if on_test is not None and status.address:
                    self._button = plain_button("Test", "network_check", on_test)
                    self._button.props(f'aria-label="Test {status.name}"')
            self._body = ui.element("div").classes("stack")

    def show(
        self,
        status: ConnectionStatus,
        tested: ConnectionReport | EventerError | None,
        *,
        running: bool,
    ) -> None:
        """Shows this state and the result of the newest test, if they have changed."""
        shown = (_compared(status), tested, running)
        if shown == self._shown:
            return
        self._shown = shown
        self._state.text = status.note
        self._state.classes(replace=f"state {status.state}")
        if self._button is not None:
            self._button.set_enabled(not running)
            self._button.props("loading" if running else "", remove="" if running else "loading")
        self._body.clear()
        with self._body:
            _build_details(status, tested)


def _build_details(
    status: ConnectionStatus, tested: ConnectionReport | EventerError | None
) -> None:
    report = tested if isinstance(tested, ConnectionReport) else None
    _build_facts(status, report)
    if status.error is not None:
        problem_box(status.error)
    if isinstance(tested, EventerError):
        problem_box(tested)
    if status.places:
        shown = 2 if report is None else 4  # the sizes come with a test
        rows = (row[:shown] for row in place_rows(status.places, report))
        show(table_markup(place_headers(status.kind)[:shown], rows))
    if status.generators:
        _build_generators(status)


def _compared(status: ConnectionStatus) -> object:
    error = status.error and status.error.message
    states = [(view.name, view.state) for view in status.generators[:_SHOWN]]
    return status.state, status.note, status.delivery, error, status.places, states


def _build_facts(status: ConnectionStatus, report: ConnectionReport | None) -> None:
    known = status.delivery if report is None else report.guarantee
    degraded = report.degraded if report else None
    delivery = f"{known}: {degraded}" if degraded else known
    with ui.element("dl").classes("kv"):
        for name, value in (
            ("Server", report.server if report else _KINDS.get(status.kind, status.kind)),
            ("Address", status.address),
            ("Delivery", delivery if status.address else ""),
            ("Test", "passed: events can be delivered" if report else ""),
        ):
            if value:
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(value)


def _generator_link(view: GeneratorView) -> Markup:
    label = tag("span", view.name, class_=f"state {view.state.value}")
    return tag("a", label, class_="small", href=f"/generators/{view.name}")


def _build_generators(status: ConnectionStatus) -> None:
    heading(f"Generators: {format_count(len(status.generators))}", 3)
    show(joined(map(_generator_link, status.generators[:_SHOWN]))).classes("bar")
    if len(status.generators) > _SHOWN:
        ui.label(f"and {format_count(len(status.generators) - _SHOWN)} more").classes("soft small")

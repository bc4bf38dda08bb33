"""The page of connections: each with its state, its last error, and what it is used for."""

from __future__ import annotations

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
_KINDS: Final = {"kafka": "Kafka", "postgres": "PostgreSQL", "file": "Files", "http": "HTTP"}


def build_connections_page(visit: Visit) -> None:
    """Builds the page."""
    with frame(visit, "/connections", "Connections"):
        _ConnectionsPage(visit).build()


class _ConnectionsPage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: object = None
        self._tests: dict[str, ConnectionReport | EventerError | None] = {}
        """The newest result of each tested connection; None while a test runs."""

    def build(self) -> None:
        with ui.element("div").classes("bar"):
            heading("Connections")
            ui.label("The settings of the service define them.").classes("soft")
        self._cards = ui.element("div").classes("grid2")
        self._update()
        live(_PERIOD_SECONDS, self._update)

    def _update(self) -> None:
        """Builds the cards again if what they show has changed."""
        known, snapshot = self._visit.eventer.connections(), self._visit.sampler.snapshot
        statuses = list(connection_statuses(known, snapshot))
        shown = [*map(_compared, statuses), dict(self._tests)]
        if shown == self._shown:
            return
        self._shown = shown
        self._cards.clear()
        with self._cards:
            for status in statuses:
                self._build_card(status)

    async def _test(self, status: ConnectionStatus) -> None:
        """Tests a connection and shows the result in its card."""
        self._visit.check_right()
        self._tests[status.name] = None
        self._update()
        try:
            targets = sorted(status.places)[:MAX_PLACES]
            self._tests[status.name] = await self._visit.eventer.test_connection(
                status.name, targets
            )
        except EventerError as error:
            self._tests[status.name] = error
        self._update()

    def _build_card(self, status: ConnectionStatus) -> None:
        tested = self._tests.get(status.name)
        report = tested if isinstance(tested, ConnectionReport) else None
        with card():
            with ui.element("div").classes("bar"):
                heading(status.name, 2)
                ui.label(status.note).classes(f"state {status.state}")
                ui.element("div").classes("grow")
                if self._visit.may_write and status.address:
                    self._build_button(status)
            _build_facts(status, report)
            if status.error is not None:
                problem_box(status.error)
            if isinstance(tested, EventerError):
                problem_box(tested)
            if status.places:
                rows = place_rows(status.places, report)
                show(table_markup(place_headers(status.kind), rows))
            if status.generators:
                _build_generators(status)

    def _build_button(self, status: ConnectionStatus) -> None:
        button = plain_button("Test", "network_check", lambda: self._test(status))
        button.props(f'aria-label="Test {status.name}"')
        if status.name in self._tests and self._tests[status.name] is None:
            button.props("loading").disable()


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

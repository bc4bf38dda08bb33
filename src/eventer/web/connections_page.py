"""The page of connections: each with its state, its last error, and what it is used for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui import ui

from eventer.web.connection_status import ConnectionStatus, connection_statuses
from eventer.web.format import format_count
from eventer.web.layout import Visit, card, frame, heading, live, problem_box

_PERIOD_SECONDS: Final = 2.0
_SHOWN: Final = 50
"""Generators, and topics or tables, of a connection that are shown."""
_KINDS: Final = {"kafka": ("Kafka", "Topics"), "postgres": ("PostgreSQL", "Tables")}


def build_connections_page(visit: Visit) -> None:
    """Builds the page."""
    with frame(visit, "/connections", "Connections"):
        _ConnectionsPage(visit).build()


class _ConnectionsPage:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: object = None

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
        shown = [_compared(each) for each in statuses]
        if shown == self._shown:
            return
        self._shown = shown
        self._cards.clear()
        with self._cards:
            for status in statuses:
                _build_card(status)


def _compared(status: ConnectionStatus) -> object:
    error = status.error and status.error.message
    states = [(view.name, view.state) for view in status.generators[:_SHOWN]]
    return status.state, status.note, status.delivery, error, status.places, states


def _build_card(status: ConnectionStatus) -> None:
    kind, places = _KINDS[status.kind]
    with card():
        with ui.element("div").classes("bar"):
            heading(status.name, 2)
            ui.label(status.note).classes(f"state {status.state}")
        with ui.element("dl").classes("kv"):
            for name, value in (
                ("Kind", kind),
                ("Address", status.address),
                ("Delivery", status.delivery if status.address else ""),
                (places, _listed(sorted(status.places))),
            ):
                if value:
                    with ui.element("dt"):
                        ui.label(name)
                    with ui.element("dd"):
                        ui.label(value)
        if status.error is not None:
            problem_box(status.error)
        if status.generators:
            _build_generators(status)


def _build_generators(status: ConnectionStatus) -> None:
    heading(f"Generators: {format_count(len(status.generators))}", 3)
    with ui.element("div").classes("bar"):
        for view in status.generators[:_SHOWN]:
            with ui.link(target=f"/generators/{view.name}").classes("small"):
                ui.label(view.name).classes(f"state {view.state.value}")
    if len(status.generators) > _SHOWN:
        ui.label(f"and {format_count(len(status.generators) - _SHOWN)} more").classes("soft small")


def _listed(names: Sequence[str]) -> str:
    more = f" and {format_count(len(names) - _SHOWN)} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

"""The charts of a generator: a page gets the new samples only, and its browser keeps the others."""

from __future__ import annotations

import json
from itertools import chain
from typing import Final

from nicegui import ui

from eventer.web import charts
from eventer.web.history import RECENT_SAMPLES, Sampler
from eventer.web.layout import card, heading

_CHARTS: Final = (
    ("Events delivered", charts.DELIVERY, charts.RATE),
    ("Lateness", charts.LATENESS, charts.SECONDS),
    ("Lag", charts.LAG, charts.NUMBER),
    ("JSON text", charts.THROUGHPUT, charts.BYTES),
)
_LINES: Final = tuple(chain.from_iterable(lines for _, lines, _ in _CHARTS))
_HOUR_EVERY_SECONDS: Final = 10.0


class GeneratorCharts:
    """Four charts of the last five minutes or the last hour."""

    def __init__(self, sampler: Sampler, id_: int) -> None:
        self._sampler = sampler
        self._id = id_
        self._hour = False
        self._newest = 0.0
        """When the newest sample that the page has was taken."""

    def build(self) -> None:
        """Builds the cards."""
        self._charts = []
        with ui.element("div").classes("grid2"):
            for title, lines, formatter in _CHARTS:
                with card():
                    heading(title, 2)
                    options = charts.chart_options(lines, formatter)
                    chart = ui.echart(options).style("height: 190px")
                    chart.props(f'role="img" aria-label="{title}, a chart"')
                    self._charts.append((f"c{chart.id}", len(lines)))
        self._client = ui.context.client

    def show_span(self, *, hour: bool) -> None:
        """Shows the last hour, or the last five minutes."""
        self._hour, self._newest = hour, 0.0
        self.update()

    def update(self) -> None:
        """Sends the samples that the page does not have; those of the hour change, so all."""
        history = self._sampler.histories.get(self._id)
        if history is None or not history.recent:
            return
        newest, replaced = history.recent[-1].at, self._newest == 0 or self._hour
        if newest - self._newest < (_HOUR_EVERY_SECONDS if self._hour else 1e-9):
            return
        samples = history.last_hour() if self._hour else history.recent
        new = (each for each in samples if self._hour or each.at > self._newest)
        points = charts.chart_points(_LINES, new)
        self._newest = newest
        arguments = json.dumps([self._charts, points, RECENT_SAMPLES, replaced])
        self._client.run_javascript(f"studioCharts(...{arguments})")

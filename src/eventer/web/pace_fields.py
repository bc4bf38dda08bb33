"""Inputs for a pace: events per interval, how they spread over time, and a preview of the rate."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from eventer.core.clock import NS_PER_SECOND
from eventer.core.duration import format_duration, parse_duration
from eventer.core.errors import EventerError
from eventer.core.pace import PaceSpec
from eventer.web.format import format_count, format_rate
from eventer.web.layout import Visit
from eventer.web.pace_card import pace_chart_options, pace_points
from eventer.web.pace_choices import SPREADS, choice_of, pace_of

_DAY_NS: Final = 86_400 * NS_PER_SECOND


class PaceFields:
    """The inputs, and below them the rate over time."""

    def __init__(self, visit: Visit, pace: PaceSpec) -> None:
        self._visit = visit
        spread, count, interval = choice_of(pace)
        with ui.element("div").classes("bar fields-row"):
            self._count = (
                ui.number("Events", value=count, min=1, precision=0, on_change=self._show)
                .props("outlined dense debounce=150")
                .style("width: 6.5rem")
            )
            ui.label("every").classes("soft")
            self._interval = (
                ui.input("Interval", value=format_duration(interval), on_change=self._show)
                .props("outlined dense debounce=150")
                .style("width: 6.5rem")
            )
            self._spread = (
                ui.select(list(SPREADS), value=spread, on_change=self._show)
                .props('outlined dense options-dense aria-label="Spread over time"')
                .classes("grow")
            )
        self._text = ui.label().classes("soft small num")
        self._chart = ui.echart(pace_chart_options()).style("height: 110px")
        self._show()

    def pace(self) -> PaceSpec:
        """The pace.

        Raises:
            RequestError: a field is not valid.
        """
        interval = parse_duration((self._interval.value or "").strip())
        return pace_of(self._spread.value, int(self._count.value or 0), interval)

    def _show(self) -> None:
        try:
            pace = self.pace()
            preview = self._visit.eventer.preview_pace(pace)
        except EventerError as error:
            self._text.text = error.message
            return
        _, count, interval = choice_of(pace)
        day = format_count(round(count * _DAY_NS / interval))
        self._text.text = f"{format_rate(count * NS_PER_SECOND / interval)}, {day} events a day"
        self._chart.options["series"][0]["data"] = pace_points(preview)
        self._chart.update()

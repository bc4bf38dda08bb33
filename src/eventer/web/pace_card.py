"""The future pace: how many events of a generator are due when."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import NotFoundError
from eventer.service.views import PacePreview
from eventer.web import charts
from eventer.web.format import format_count, format_rate, format_seconds
from eventer.web.layout import Visit, card, heading, live

_PERIOD_SECONDS: Final = 30.0


class PaceCard:
    """A chart of the events per second from now on, and their sum."""

    def __init__(self, visit: Visit, id_: int) -> None:
        self._visit = visit
        self._id = id_

    def build(self) -> None:
        """Builds the card, and keeps it up to date while the page is visible."""
        with card():
            with ui.element("div").classes("bar"):
                heading("Future pace", 2)
                self._text = ui.label().classes("soft small num")
            self._chart = ui.echart(pace_chart_options()).style("height: 150px")
        self.update()
        live(_PERIOD_SECONDS, self.update)

    def update(self) -> None:
        """Shows the pace from now on."""
        try:
            preview = self._visit.eventer.preview_generator(self._id)
        except NotFoundError:
            return
        self._text.text = pace_summary(preview)
        self._chart.options["series"][0]["data"] = pace_points(preview)
        self._chart.update()


def pace_summary(preview: PacePreview) -> str:
    """The events to come in a sentence."""
    if not preview.events:
        return "no further event is due"
    time = format_seconds(preview.length / NS_PER_SECOND)
    most = max(rate for _, rate in pace_points(preview))
    ending = "" if preview.last is None else ", then it is finished"
    return (
        f"{format_count(preview.events)} events in the next {time}, "
        f"at most {format_rate(most)}{ending}"
    )


def pace_points(preview: PacePreview) -> list[list[float]]:
    """A step at the begin of each bucket, and the end: ms since 1970, events per second."""
    last = len(preview.counts) - 1
    rest = preview.length - last * preview.bucket
    points = []
    for number, count in enumerate(preview.counts):
        length = rest if number == last else preview.bucket
        at = preview.begin + number * preview.bucket
        points.append([at / 1e6, round(count * NS_PER_SECOND / length, 6)])
    return [*points, [(preview.begin + preview.length) / 1e6, points[-1][1]]]


def pace_chart_options() -> dict[str, Any]:
    """The options of a chart of events per second; its one series has no data yet."""
    line = charts.Line("due", charts.BLUE, lambda _: None, area=True)
    options = charts.chart_options((line,), charts.RATE)
    options["legend"]["show"], options["grid"]["top"] = False, 10
    options["series"][0]["step"] = "end"
    return options

"""Options of the charts, in colours that suit a dark and a light page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.web.history import Sample

_AXIS: Final = "#8391a5"
_LINE: Final = "rgba(131,145,165,0.18)"
BLUE: Final = "#5b7cfa"
ORANGE: Final = "#e8912d"
GREEN: Final = "#2fa866"
VIOLET: Final = "#a26bfa"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: its value in a sample; None leaves a gap."""

    name: str
    color: str
    value: Callable[[Sample], float | None]
    area: bool = False


def chart_options(lines: Sequence[Line], formatter: str) -> dict[str, Any]:
    """The options of a chart over time; `formatter` is JavaScript for a value."""
    return {
        "animation": False,
        "grid": {"left": 8, "right": 14, "top": 34, "bottom": 6, "containLabel": True},
        "legend": {
            "top": 0,
            "left": 0,
            "itemWidth": 14,
            "itemHeight": 8,
            "textStyle": {"color": _AXIS},
        },
        "tooltip": {"trigger": "axis", ":valueFormatter": formatter, "confine": True},
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": _LINE}},
            "axisLabel": {"color": _AXIS, "hideOverlap": True},
            "axisTick": {"show": False},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "axisLabel": {"color": _AXIS, ":formatter": formatter},
            "splitLine": {"lineStyle": {"color": _LINE}},
        },
        "series": [
            {
                "name": line.name,
                "type": "line",
                "showSymbol": False,
                "data": [],
                "lineStyle": {"width": 2},
                "itemStyle": {"color": line.color},
                **({"areaStyle": {"opacity": 0.14}} if line.area else {}),
            }
            for line in lines
        ],
    }


def chart_points(lines: Sequence[Line], samples: Iterable[Sample]) -> list[list[float | None]]:
    """The points of samples: each has milliseconds since 1970, and the value of each line."""
    return [
        [round(sample.at * 1000), *(_finite(line.value(sample)) for line in lines)]
        for sample in samples
    ]


def _finite(value: float | None) -> float | None:
    """A value that JSON can hold; beyond the last bound of lateness it is a minute or more."""
    if value is None:
        return None
    return min(round(value, 4), 1e15) if value != float("inf") else 60.0


NUMBER: Final = "v => v == null ? '-' : Number(v).toLocaleString('en', {maximumFractionDigits: 2})"
RATE: Final = (
    "v => v == null ? '-' : Number(v).toLocaleString('en', {maximumFractionDigits: 2}) + '/s'"
)
SECONDS: Final = (
    "v => v == null ? '-' : v < 1 ? Math.round(v * 1000) + ' ms' : +Number(v).toFixed(1) + ' s'"
)
BYTES: Final = (
    "v => { if (v == null) return '-'; let u = 0; while (v >= 1024 && u < 4) { v /= 1024; u++ } "
    "return (+v.toFixed(v < 10 ? 1 : 0)) + ' ' + ['B', 'KiB', 'MiB', 'GiB', 'TiB'][u] + '/s' }"
)

DELIVERY: Final = (Line("delivered", BLUE, lambda sample: sample.rate, area=True),)
LAG: Final = (Line("lag", ORANGE, lambda sample: sample.lag, area=True),)
LATENESS: Final = (
    Line("half within", GREEN, lambda sample: sample.p50),
    Line("99 % within", VIOLET, lambda sample: sample.p99),
    Line("oldest due event", ORANGE, lambda sample: sample.overdue),
)
THROUGHPUT: Final = (Line("JSON text", VIOLET, lambda sample: sample.bytes_rate, area=True),)

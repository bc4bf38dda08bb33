"""Shows the profile of a template's data: a tile for each field."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from eventer.service.views import FieldProfile, TemplateProfile
from eventer.web.format import format_count
from eventer.web.layout import problem_box

_FREQUENT: Final = 6
_FIELDS: Final = 100
"""Fields with a tile: each tile is some twenty elements of the page."""


def show_profile(profile: TemplateProfile) -> None:
    """Shows the fields of a profile."""
    shown = profile.profiles.fields[:_FIELDS]
    fields = len(profile.profiles.fields) + profile.profiles.omitted
    more = f"; the first {_FIELDS} are shown" if fields > len(shown) else ""
    ui.label(f"{profile.events:,} events, {fields:,} fields{more}").classes("soft small")
    if profile.failing is not None:
        problem_box(profile.failing)
    with ui.element("div").classes("fields"):
        for field in shown:
            _show_field(field, profile.events)


def _show_field(field: FieldProfile, events: int) -> None:
    with ui.element("article").classes("field"):
        with ui.element("div").classes("bar"):
            ui.label(field.pointer.lstrip("/") or "(event)").classes("path grow")
            ui.label(", ".join(field.types) or "null").classes("chip")
        with ui.element("div").classes("facts"):
            _fact("distinct", format_count(field.distinct))
            if field.nulls:
                _fact("null", _share(field.nulls, events))
            if field.absent:
                _fact("absent", _share(field.absent, events))
            if field.mean is not None:
                _fact("mean", format_count(field.mean))
        if field.histogram is not None and _is_spread(field):
            _show_histogram(field)
        else:
            _show_frequent(field, events)


def _is_spread(field: FieldProfile) -> bool:
    """Whether a histogram says more than the most frequent values."""
    return field.distinct > _FREQUENT


def _show_histogram(field: FieldProfile) -> None:
    histogram = field.histogram
    assert histogram is not None
    most = max(histogram.counts)
    with ui.element("div").classes("hist").props('role="img" aria-label="Histogram"'):
        for count in histogram.counts:
            ui.element("div").style(f"height: {100 * count / most:.1f}%").props(
                f'title="{count:,}"'
            )
    with ui.element("div").classes("hist-ends num"):
        ui.label(_end_text(field.least))
        if field.types == ("array",):
            ui.label("length")
        ui.label(_end_text(field.most))


def _end_text(value: str | float | None) -> str:
    """An end of a histogram: a number, or an instant to the minute."""
    return value[:16].replace("T", " ") if isinstance(value, str) else _text(value)


def _show_frequent(field: FieldProfile, events: int) -> None:
    """The most frequent values with bars; of unique values, the ends."""
    values = field.frequent[:_FREQUENT]
    if not values:
        return
    if values[0].count <= max(1, events // 1_000) and field.distinct > _FREQUENT:
        with ui.element("div").classes("top"):
            for name, value in (("least", field.least), ("most", field.most)):
                if value is not None:
                    _line(_text(value), name, 0)
        return
    with ui.element("div").classes("top"):
        for each in values:
            _line(_text(each.value), _share(each.count, events), 100 * each.count / events)
        if field.distinct > len(values):
            ui.label(f"and {field.distinct - len(values):,} more").classes("soft small")


def _line(value: str, note: str, percent: float) -> None:
    with ui.element("div").classes("line"):
        if percent:
            ui.element("div").classes("fill").style(f"width: {percent:.1f}%")
        with ui.element("span").classes("v"):
            ui.label(value)
        with ui.element("span").classes("n"):
            ui.label(note)


def _fact(name: str, value: str) -> None:
    with ui.element("span"):
        with ui.element("b"):
            ui.label(value).style("display: inline")
        ui.label(f" {name}").style("display: inline")


def _share(count: int, events: int) -> str:
    percent = 100 * count / max(1, events)
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def _text(value: str | float | bool | None) -> str:  # noqa: FBT001  it is a JSON value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return format_count(value)
    return value or '""'

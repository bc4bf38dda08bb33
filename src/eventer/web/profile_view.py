"""Shows the profile of a template's data: a tile for each field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nicegui import ui

from eventer.service.views import FieldProfile, TemplateProfile
from eventer.web.format import format_count
from eventer.web.layout import problem_box, show
from eventer.web.markup import Markup, joined, tag

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
    show(tag("div", *(_field(each, profile.events) for each in shown), class_="fields"))


def _field(field: FieldProfile, events: int) -> Markup:
    name = field.pointer.lstrip("/") or "(event)"
    title = tag("div", name, class_="path grow")
    types = tag("span", ", ".join(field.types) or "null", class_="chip")
    facts = tag("div", *_facts(field, events), class_="facts")
    spread = field.histogram is not None and _is_spread(field)
    values = _histogram(field) if spread else _frequent(field, events)
    return tag("article", tag("div", title, types, class_="bar"), facts, values, class_="field")


def _facts(field: FieldProfile, events: int) -> Iterator[Markup]:
    yield _fact("distinct", format_count(field.distinct))
    if field.nulls:
        yield _fact("null", _share(field.nulls, events))
    if field.absent:
        yield _fact("absent", _share(field.absent, events))
    if field.mean is not None:
        yield _fact("mean", format_count(field.mean))


def _is_spread(field: FieldProfile) -> bool:
    """Whether a histogram says more than the most frequent values."""
    return field.distinct > _FREQUENT


def _histogram(field: FieldProfile) -> Markup:
    histogram = field.histogram
    assert histogram is not None
    most = max(histogram.counts)
    bars = (
        tag("div", style=f"height: {100 * count / most:.1f}%", title=f"{count:,}")
        for count in histogram.counts
    )
    least, last = _end_text(field.least), _end_text(field.most)
    middle = (tag("span", "length"),) if field.types == ("array",) else ()
    label = f"Histogram from {least} to {last}"
    chart = tag("div", *bars, class_="hist", role="img", aria_label=label)
    ends = tag("div", tag("span", least), *middle, tag("span", last), class_="hist-ends num")
    return joined((chart, ends))


def _end_text(value: str | float | None) -> str:
    """An end of a histogram: a number, or an instant to the minute."""
    return value[:16].replace("T", " ") if isinstance(value, str) else _text(value)


def _frequent(field: FieldProfile, events: int) -> Markup:
    """The most frequent values with bars; of unique values, the ends."""
    values = field.frequent[:_FREQUENT]
    if not values:
        return Markup()
    if values[0].count <= max(1, events // 1_000) and field.distinct > _FREQUENT:
        ends = (("least", field.least), ("most", field.most))
        lines = [_line(_text(value), name, 0) for name, value in ends if value is not None]
    else:
        lines = [
            _line(_text(each.value), _share(each.count, events), 100 * each.count / events)
            for each in values
        ]
        if field.distinct > len(values):
            lines.append(tag("div", f"and {field.distinct - len(values):,} more", class_="soft"))
    return tag("div", *lines, class_="top")


def _line(value: str, note: str, percent: float) -> Markup:
    fill = tag("div", class_="fill", style=f"width: {percent:.1f}%")
    shown = tag("span", value, class_="v", title=value), tag("span", note, class_="n")
    return tag("div", *((fill, *shown) if percent else shown), class_="line")


def _fact(name: str, value: str) -> Markup:
    return tag("span", tag("b", value), f" {name}")


def _share(count: int, events: int) -> str:
    percent = 100 * count / max(1, events)
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def _text(value: str | float | bool | None) -> str:  # noqa: FBT001  it is a JSON value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return format_count(value)
    return value or '""'

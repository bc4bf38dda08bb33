"""Views of events: as JSON, as a table, and the columns that a table of them has."""

from __future__ import annotations

import json
from typing import Final

from nicegui import ui

from eventer.core.model import EventShape
from eventer.web.format import format_bytes
from eventer.web.layout import show
from eventer.web.markup import table_markup, tag

_MAX_EVENT_TEXT: Final = 8_000
_TABLE_COLUMNS: Final = 40
_TABLE_BYTES: Final = 512 << 10
"""Bytes of events that the table shows: parsing more would hold up the API."""


def show_events(events: tuple[bytes, ...]) -> None:
    """Shows events as indented JSON, with their indices."""
    rows = (
        tag(
            "div",
            tag("div", str(index), class_="index"),
            tag("pre", event_text(event, pretty=True)),
            class_="event",
        )
        for index, event in enumerate(events)
    )
    show(tag("div", *rows, class_="events", tabindex="0", role="region", aria_label="Events"))


def event_text(event: bytes, *, pretty: bool) -> str:
    """An event as text to show: a long one is cut."""
    text = event.decode()
    if pretty and len(event) <= _MAX_EVENT_TEXT:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    if len(text) > _MAX_EVENT_TEXT:
        return f"{text[:_MAX_EVENT_TEXT]} … ({format_bytes(len(event))})"
    return text


def show_table(events: tuple[bytes, ...]) -> None:
    """Shows events as a table of their top-level fields."""
    values = [json.loads(event) for event in _first_bytes(events)]
    rows = [value if isinstance(value, dict) else {"(event)": value} for value in values]
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = names[:_TABLE_COLUMNS]
    show(table_markup(shown, ([_cell_text(row, name) for name in shown] for row in rows)))
    if len(rows) < len(events):
        ui.label("Further events are too large for the table.").classes("soft small")
    if len(names) > _TABLE_COLUMNS:
        ui.label(f"and {len(names) - _TABLE_COLUMNS:,} more fields").classes("soft small")


def show_columns(shape: EventShape) -> None:
    """Shows the columns of a table for events of this shape."""
    if shape.is_object is False:
        ui.label("The events are not objects; a table needs objects.").classes("soft")
        return
    ui.label("A table gets these columns. Eventer creates it, and adds missing columns.").classes(
        "soft small"
    )
    columns = ((column.name, column.type.value) for column in shape.columns)
    show(table_markup(("Column", "Type in PostgreSQL"), columns))
    if shape.open:
        ui.label("Further fields become jsonb columns when they occur.").classes("soft small")


def _first_bytes(events: tuple[bytes, ...]) -> list[bytes]:
    """The first events, as many as the table shows."""
    shown, size = [], 0
    for event in events:
        size += len(event)
        if size > _TABLE_BYTES:
            break
        shown.append(event)
    return shown


def _cell_text(row: dict[str, object], name: str) -> str:
    if name not in row:
        return ""
    value = row[name]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"

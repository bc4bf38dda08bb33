"""The gallery of examples in the playground."""

from __future__ import annotations

from nicegui import ui

from eventer.service.example_catalog import Example, examples
from eventer.web.layout import answer_of, heading, named_dialog


async def choose_example() -> Example | None:
    """Lets the reader choose an example; None if the dialog is closed."""
    with named_dialog("Examples") as dialog, ui.card().classes("dialog wide"):
        heading("Examples", 2)
        wanted = (
            ui.input(placeholder="Search, for example: orders, sensor, payment")
            .props('outlined dense clearable autofocus debounce=120 aria-label="Search"')
            .style("width: 100%")
        )
        with ui.element("div").classes("gallery"):
            tiles = [
                (each, _tile(each, lambda chosen=each: dialog.submit(chosen)))
                for each in examples().values()
                if not each.needs_library
            ]

        def show() -> None:
            text = (wanted.value or "").lower()
            for each, tile in tiles:
                tile.set_visibility(text in f"{each.name} {each.description}".lower())

        wanted.on_value_change(show)
    chosen = await answer_of(dialog)
    return chosen if isinstance(chosen, Example) else None


def _tile(example: Example, on_click: object) -> ui.element:
    tile = ui.element("button").classes("tile").props('type="button"')
    tile.on("click", on_click)  # type: ignore[arg-type]  # a handler
    with tile:
        with ui.element("b"):
            ui.label(example.name)
        with ui.element("span"):
            ui.label(example.description)
    return tile

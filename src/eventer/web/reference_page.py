"""The reference of the functions, with search; each example can be changed and evaluated."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from eventer.core.errors import EventerError
from eventer.service.function_catalog import functions_json
from eventer.service.requests import PreviewRequest
from eventer.web.layout import Visit, frame, heading, problem_box, prose

_CALLED = re.compile(r"\b(get_\w+)\b")


async def build_reference_page(visit: Visit) -> None:
    """Builds the page."""
    specs = (await asyncio.to_thread(functions_json))["functions"]
    with frame(visit, "/reference", "Functions"):
        with ui.element("div").classes("bar"):
            heading("Functions")
            ui.element("div").classes("grow")
            wanted = (
                ui.input(placeholder="Search names, keys and descriptions")
                .props('outlined dense clearable debounce=120 aria-label="Search"')
                .style("width: min(24rem, 100%)")
            )
        ui.label(
            "Templates call them as std.native('name'). Every call draws its own value for each "
            "event, the same one for the same seed."
        ).classes("soft")
        with ui.element("div").classes("grid-ref"):
            with ui.element("nav").classes("func-list").props('aria-label="Functions"'):
                for spec in specs:
                    ui.link(spec["name"], f"#{spec['name']}")
            with ui.element("div").classes("stack"):
                cards = [(_searched(spec), _build_function(visit, spec)) for spec in specs]
                nothing = ui.label("No function matches.").classes("soft")
                nothing.set_visibility(False)

        def show() -> None:
            text = (wanted.value or "").lower()
            for searched, each in cards:
                each.set_visibility(text in searched)
            nothing.set_visibility(not any(text in searched for searched, _ in cards))

        wanted.on_value_change(show)


def _searched(spec: Mapping[str, Any]) -> str:
    fields = " ".join(f"{f['name']} {f['description']}" for f in spec.get("fields", ()))
    return f"{spec['name']} {spec['description']} {fields}".lower()


def _build_function(visit: Visit, spec: Mapping[str, Any]) -> ui.element:
    box = ui.element("section").classes("studio-card stack func").props(f'id="{spec["name"]}"')
    with box:
        with ui.element("div").classes("bar"):
            with ui.element("h2").classes("sig grow"):
                ui.label(spec["signature"])
            ui.label(f"gives {spec['returns']}").classes("chip")
            ui.label("random" if spec["random"] else "constant").classes("chip")
        prose(spec["description"])
        if spec["parameters"]:
            _table(("Parameter", "Type", "Meaning"), spec["parameters"])
        if spec.get("fields"):
            with ui.expansion(f"{len(spec['fields'])} keys").props("dense").style("width: 100%"):
                _table(("Key", "Type", "Meaning"), spec["fields"])
        for example in spec["examples"]:
            _build_example(visit, example)
    return box


def _table(header: tuple[str, ...], rows: list[Mapping[str, Any]]) -> None:
    with (
        ui.element("div").classes("table-wrap").style("max-height: 26rem"),
        ui.element("table").classes("plain-table"),
    ):
        with ui.element("thead"), ui.element("tr"):
            for name in header:
                with ui.element("th"):
                    ui.label(name)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for number, name in enumerate(("name", "type", "description")):
                        cell = ui.element("td").classes("mono" if number == 0 else "")
                        with cell.style("white-space: normal"):
                            prose(row[name])


def _build_example(visit: Visit, example: str) -> None:
    """An example that can be changed, and the values that it gives."""
    with ui.element("div").classes("stack").style("gap: .35rem"):
        with ui.element("div").classes("bar"):
            code = (
                ui.input(value=example)
                .props('outlined dense input-class="mono" aria-label="Example"')
                .classes("grow")
            )
            button = (
                ui.button("Evaluate", icon="play_arrow")
                .props("flat dense no-caps color=none text-color=none")
                .classes("btn-plain q-px-sm")
            )
        result = ui.element("div").props('aria-live="polite"')

    async def evaluate() -> None:
        template = _template_of(code.value or "")
        try:
            request = PreviewRequest(template, name="example", count=5)
            preview = await visit.eventer.templates.preview(request)
        except EventerError as error:
            result.clear()
            with result:
                problem_box(error)
            return
        result.clear()
        with result, ui.element("pre").classes("code-block wrap"):
            ui.label("\n".join(event.decode()[:500] for event in preview.events)).style(
                "white-space: pre-wrap"
            )

    button.on_click(evaluate)
    code.on("keydown.enter", evaluate)


def _template_of(expression: str) -> str:
    """A template that is the expression, with the functions that it calls."""
    names = dict.fromkeys(_CALLED.findall(expression))
    bound = "".join(f"local {name} = std.native('{name}'); " for name in names)
    return f"{bound}{expression}"

"""The reference of the functions, with search; each example can be changed and evaluated.

The page is one text, the same for all readers: `static/reference.js` searches in it, and asks the
API to evaluate an example.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from nicegui import ui

from eventer.service.function_catalog import functions_json
from eventer.web.layout import Visit, frame, show
from eventer.web.markup import Markup, prose_markup, table_markup, tag


async def build_reference_page(visit: Visit) -> None:
    """Builds the page."""
    page = await asyncio.to_thread(_page)
    with frame(visit, "/reference", "Functions"):
        show(page).classes("stack")
        ui.run_javascript("studioReference()")


@cache
def _page() -> Markup:
    return reference_markup(functions_json()["functions"])


def reference_markup(specs: Sequence[Mapping[str, Any]]) -> Markup:
    """The page of these functions, each as `FunctionsOut` describes it."""
    heading = tag("h1", "Functions", class_="grow")
    search = tag(
        "input",
        class_="search",
        id="search",
        type="search",
        aria_label="Search",
        placeholder="Search names, keys and descriptions",
    )
    intro = tag(
        "div",
        "Templates call them as std.native('name'). Each call draws a new value for each "
        "event; the same seed gives the same values.",
        class_="soft",
    )
    links = (tag("a", spec["name"], href=f"#{spec['name']}") for spec in specs)
    nothing = tag("div", "No function matches.", class_="soft", id="nothing", hidden="")
    cards = tag("div", *map(_function, specs), nothing, class_="stack")
    listed = tag("nav", *links, class_="func-list", aria_label="Functions")
    return tag(
        "div",
        tag("div", heading, search, class_="bar"),
        intro,
        tag("div", listed, cards, class_="grid-ref"),
        class_="stack",
    )


def _function(spec: Mapping[str, Any]) -> Markup:
    head = tag(
        "div",
        tag("h2", spec["signature"], class_="sig grow"),
        tag("span", f"gives {spec['returns']}", class_="chip"),
        tag("span", "random" if spec["random"] else "constant", class_="chip"),
        class_="bar",
    )
    description = tag("div", prose_markup(spec["description"]), class_="prose")
    parts = (description, *_tables(spec), *map(_example, spec["examples"]))
    return tag("section", head, *parts, class_="studio-card stack func", id=spec["name"])


def _tables(spec: Mapping[str, Any]) -> Iterator[Markup]:
    if spec["parameters"]:
        yield _table("Parameter", spec["parameters"])
    if spec.get("fields"):
        summary = tag("summary", f"{len(spec['fields'])} keys")
        yield tag("details", summary, _table("Key", spec["fields"]))


def _table(first: str, entries: Sequence[Mapping[str, str]]) -> Markup:
    rows = ((each["name"], each["type"], prose_markup(each["description"])) for each in entries)
    return table_markup((first, "Type", "Meaning"), rows, prose=True)


def _example(example: str) -> Markup:
    """An example that can be changed, and the place for its values."""
    code = tag("input", class_="search mono grow", value=example, aria_label="Example")
    run = tag("button", "Evaluate", class_="btn-plain run", type="submit")
    result = tag("div", class_="result", aria_live="polite")
    return tag("form", tag("div", code, run, class_="bar"), result, class_="stack example")

"""Reference pages name every setting, function, route, command, option and problem type.

The names come from the code itself, not from the tools that generate the pages.
"""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer.main
from fastapi import APIRouter
from pydantic import BaseModel

from eventer.api import problems
from eventer.api import routes as api_routes
from eventer.cli.main import app
from eventer.functions.catalog import CATALOG
from eventer.settings.model import Settings
from eventer.settings.sources import DELIMITER, PREFIX
from tests.families import family

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def setting_paths(model: type[BaseModel], *above: str) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from setting_paths(annotation, *above, name)
        else:
            yield (*above, name)


def commands(group: Any, *above: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            yield " ".join([*above, name]), command


def section_of(page: str, heading: str) -> str:
    """The text below a heading, up to the next heading of its level."""
    _, heading_text, rest = text_of(page).partition(f"\n## `{heading}`\n")
    assert heading_text, f"{page}.md has no section {heading!r}"
    return rest.partition("\n## ")[0]


@family("path", list(setting_paths(Settings)))
def test_every_setting_has_its_name_and_variable(path):
    if path == ("connections",):
        assert "[connections.orders]" in text_of("settings")
        return
    assert f"`{'.'.join(path)}`" in text_of("settings")
    assert f"`{PREFIX}{DELIMITER.join(path).upper()}`" in text_of("settings")


@family("name", CATALOG.names())
def test_every_function_has_its_parameters_and_keys(name):
    spec = CATALOG.get(name)
    section = section_of("functions", spec.signature)
    for parameter in spec.parameters:
        assert f"| `{parameter.name}` |" in section
    for field in (spec.fields or {}).values():
        assert field.hidden or f"| `{field.name}` |" in section


def routers() -> Iterator[APIRouter]:
    """The routers of all modules in `eventer.api.routes`."""
    for module in pkgutil.iter_modules(api_routes.__path__):
        yield import_module(f"{api_routes.__name__}.{module.name}").router


def test_every_route_has_its_section():
    routes = [(router.prefix, route) for router in routers() for route in router.routes]
    assert len(routes) > 10
    for prefix, route in routes:
        path = route.path if route.path.startswith(prefix) else prefix + route.path
        for method in route.methods:
            if not route.include_in_schema:  # for browsers only
                assert f"`{method} {path}`" in text_of("api")
                continue
            assert section_of("api", f"{method} {path}")


@family("command", list(commands(typer.main.get_command(app))))
def test_every_command_has_its_options(command):
    name, parsed = command
    section = section_of("cli", f"eventer {name}")
    for param in parsed.params:
        for option in (*param.opts, *param.secondary_opts):
            if option.startswith("-") and option not in {"--help", "-h"}:
                assert f"`{option}" in section, option


def test_every_problem_type_is_listed():
    types = list(problems.ProblemType)
    assert len(types) > 10
    for problem_type in types:
        assert f"| {problem_type.status} | `{problem_type.urn}` |" in text_of("api")

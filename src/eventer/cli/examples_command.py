"""`eventer examples`: the templates that come with Eventer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson
from eventer.cli.terminal import print_data, print_json, table

if TYPE_CHECKING:
    from eventer.service.example_catalog import Example


@exit_with_code
def examples(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Print this template.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the example templates, or print one, for example `eventer examples orders`."""
    from eventer.service import example_catalog

    if name is not None:
        chosen = example_catalog.example(name)
        if as_json:
            print_json(_described(chosen) | {"template": chosen.template})
        else:
            print_data(chosen.template.rstrip("\n"))
        return
    known = example_catalog.examples().values()
    if as_json:
        print_json({"examples": [_described(each) for each in known]})
    else:
        rows = [(each.name, each.horizon or "-", each.description) for each in known]
        print_data(table(("EXAMPLE", "TIMELINE", "WHAT"), rows))


def _described(example: Example) -> dict[str, str]:
    described = {"name": example.name, "description": example.description}
    return described | ({"timeline": example.horizon} if example.horizon else {})

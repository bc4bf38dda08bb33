"""`eventer functions`: the functions that templates may call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson
from eventer.cli.terminal import print_data, print_json, table


@exit_with_code
def functions(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show one function in detail; get_ may be omitted."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the functions that templates may call."""
    from eventer.service.function_catalog import functions_json

    answer = functions_json(name)
    specs = answer["functions"]
    if as_json:
        print_json(answer)
    elif name is None:
        rows = [(s["signature"], s["returns"], _first_sentence(s["description"])) for s in specs]
        print_data(table(("FUNCTION", "GIVES", "WHAT"), rows))
    else:
        print_data("\n".join(_described(specs[0])))


def _first_sentence(text: str) -> str:
    return text.partition("\n\n")[0].partition(". ")[0].rstrip(".")


def _described(spec: Mapping[str, Any]) -> Iterator[str]:
    yield f"{spec['signature']}  gives {spec['returns']}"
    yield ""
    yield spec["description"]
    for part in ("parameters", "fields"):
        if spec.get(part):
            yield ""
            rows = [(f"  {p['name']}", p["type"], p["description"]) for p in spec[part]]
            yield table((f"  {part.upper()}", "TYPE", "WHAT"), rows)
    yield ""
    yield from (f"  {example}" for example in spec["examples"])

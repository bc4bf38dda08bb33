"""Commands for the connections of a running service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, Url, service_client
from eventer.cli.terminal import print_data, print_json, table

app = typer.Typer(help="Test the connections of a running service.", no_args_is_help=True)


@app.callback()
def _family() -> None:
    """Makes `test` a subcommand: Typer runs the only command of a group directly."""


@app.command("test")
@exit_with_code
def check_connection(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a connection, such as kafka.")
    ],
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME",
            help="Topic, table or folder whose size is read; may be repeated.",
        ),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Connect as a generator would, and change no topic, table or file.

    If the connection does not work, the error says why and what to do.
    """
    query = [("name", name), *(("target", each) for each in target or ())]
    report = service_client(context, url).post("/connection/test", query)
    if as_json:
        print_json(report)
    else:
        print_data(report_text(name, report))


def report_text(name: str, report: Mapping[str, Any]) -> str:
    """A connection that works, and a table of the sizes of its targets."""
    why = f": {report['degraded']}" if report["degraded"] else ""
    lines = [f"{name} works: {report['server']}", f"delivery is {report['guarantee']}{why}"]
    if report["sizes"]:
        header = ("TARGET", "ROWS", "BYTES", "PARTITIONS")
        rows = [
            (target, *("" if size[field] is None else f"{size[field]:,}" for field in _FIELDS))
            for target, size in report["sizes"].items()
        ]
        lines.append(table(header, rows))
    return "\n".join(lines)


_FIELDS = ("rows", "bytes", "partitions")

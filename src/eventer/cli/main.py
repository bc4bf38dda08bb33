"""The command `eventer` and its subcommands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eventer import __version__
from eventer.cli import (
    add,
    assets,
    config,
    connection,
    dev,
    examples_command,
    explain,
    faults,
    fmt,
    functions,
    generators,
    init,
    pace,
    profile,
    registry,
    run,
    serve,
    tap,
    templates,
    verify,
    warm,
)

_HELP = """Streams of random, realistic events from Jsonnet templates, delivered on schedule to
Kafka topics, PostgreSQL tables and files.

`eventer dev` starts a complete local environment."""

app = typer.Typer(
    name="eventer",
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _version(requested: bool) -> None:  # noqa: FBT001  Typer passes it by position
    if requested:
        typer.echo(f"eventer {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    *,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Configuration file (EVENTER_CONFIG). Default: ./eventer.toml.",
        ),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    context.obj = config_file


app.command("dev")(dev.dev)
app.command("serve")(serve.serve)
app.command("run")(run.run)
app.command("preview")(templates.preview)
app.command("validate")(templates.validate)
app.command("profile")(profile.profile)
app.command("explain")(explain.explain)
app.command("init")(init.init)
app.command("fmt")(fmt.fmt)
app.command("pace")(pace.pace)
app.command("add")(add.add)
app.command("list")(generators.list_generators)
app.command("status")(generators.status)
app.command("pause")(generators.pause)
app.command("resume")(generators.resume)
app.command("remove")(generators.remove)
app.command("verify")(verify.verify)
app.command("tap")(tap.tap)
app.command("faults")(faults.faults)
app.command("examples")(examples_command.examples)
app.command("functions")(functions.functions)
app.command("warm")(warm.warm)
app.command("assets")(assets.assets)
app.add_typer(connection.app, name="connection")
app.add_typer(config.app, name="config")
app.add_typer(registry.app, name="registry")


def main() -> None:
    """Runs the command line and exits."""
    # httpx imports a command line of its own, which takes a third of its import, unless this fails.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    app()

"""Commands that show the configuration."""

from __future__ import annotations

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, loaded_settings
from eventer.cli.terminal import print_data, print_json, table

app = typer.Typer(help="Show the configuration.", no_args_is_help=True)


@app.callback()
def _family() -> None:
    """Makes `show` a subcommand: Typer runs the only command of a group directly."""


@app.command("show")
@exit_with_code
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every setting and where its value comes from. Secrets are masked."""
    from eventer.settings.show import shown_settings

    shown = shown_settings(loaded_settings(context))
    if as_json:
        print_json({s.name: {"value": s.value, "origin": s.origin} for s in shown})
    else:
        print_data(
            table(("SETTING", "VALUE", "FROM"), [(s.name, s.value, s.origin) for s in shown])
        )

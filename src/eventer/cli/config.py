"""What is configured."""

from __future__ import annotations

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, loaded_settings
from eventer.cli.terminal import print_data, print_json, table

app = typer.Typer(help="Look at the configuration.", no_args_is_help=True)


@app.callback()
def _family() -> None:
    """Makes `show` a command of its own, although it is the only one."""


@app.command("show")
@exit_with_code
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every setting, where it comes from, and no secrets."""
    from eventer.settings.show import shown_settings

    shown = shown_settings(loaded_settings(context))
    if as_json:
        print_json({s.name: {"value": s.value, "origin": s.origin} for s in shown})
    else:
        print_data(
            table(("SETTING", "VALUE", "FROM"), [(s.name, s.value, s.origin) for s in shown])
        )

"""What is configured."""

from __future__ import annotations

import typer

from eventer.cli.endings import ends_well
from eventer.cli.options import AsJson, loaded_settings
from eventer.cli.terminal import data, json_data, table

app = typer.Typer(help="Look at the configuration.", no_args_is_help=True)


@app.callback()
def _family() -> None:
    """Makes `show` a command of its own, although it is the only one."""


@app.command("show")
@ends_well
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every setting, where it comes from, and no secrets."""
    from eventer.settings.show import shown_settings

    shown = shown_settings(loaded_settings(context))
    if as_json:
        json_data({s.name: {"value": s.value, "origin": s.origin} for s in shown})
    else:
        data(table(("SETTING", "VALUE", "FROM"), [(s.name, s.value, s.origin) for s in shown]))

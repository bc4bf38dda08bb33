"""`eventer assets`: files for monitoring systems."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Final, Literal

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.terminal import print_data

_FILES: Final = {"grafana": "grafana.json", "prometheus": "prometheus.yaml"}


@exit_with_code
def assets(
    name: Annotated[
        Literal["grafana", "prometheus"],
        typer.Argument(metavar="NAME", help="`grafana` or `prometheus`."),
    ],
) -> None:
    """Print a dashboard for Grafana, or alert rules for Prometheus."""
    file = files("eventer.api") / "monitoring" / _FILES[name]
    print_data(file.read_text(encoding="utf-8").rstrip("\n"))

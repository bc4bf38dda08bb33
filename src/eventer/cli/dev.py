"""Everything at once: a broker, a database, the service, two generators, one view of them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import settings_of
from eventer.cli.serve import DataDir, Port


@exit_with_code
def dev(
    context: typer.Context,
    *,
    port: Port = None,
    data_dir: DataDir = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="DURATION", help="End after this long.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Log lines, even where there is a terminal.")
    ] = False,
) -> None:
    """Look around: an embedded broker and database, the service, and two generators into both.

    Takes other ports where the usual ones are taken. Ctrl-C ends it all.
    """
    from eventer.cli.dev_environment import run_dev
    from eventer.core.duration import parse_duration

    settings = settings_of(context, port=port, data_dir=data_dir)
    seconds = None if duration is None else parse_duration(duration) / 1_000_000_000
    asyncio.run(run_dev(settings, seconds=seconds, plain=plain))

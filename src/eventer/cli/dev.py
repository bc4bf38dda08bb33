"""`eventer dev`: a local environment with broker, database, service and example generators."""

from __future__ import annotations

from typing import Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.option_values import duration as parse_duration
from eventer.cli.options import settings_of
from eventer.cli.serve import DataDir, Port
from eventer.core.clock import NS_PER_SECOND
from eventer.core.loading import without_garbage_collection


@exit_with_code
def dev(
    context: typer.Context,
    *,
    port: Port = None,
    data_dir: DataDir = None,
    duration: Annotated[
        int | None,
        typer.Option(
            "--duration",
            metavar="DURATION",
            parser=parse_duration,
            help="Stop after this time, for example 30s.",
        ),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print lines instead of a table, even on a terminal.")
    ] = False,
) -> None:
    """Start an embedded broker and database, the service, and example generators into both.

    Uses free ports if the default ones are taken. On a terminal, committed events scroll by above a
    table of the generators, whose pages `n` and `p` turn. `o` opens the studio in a browser. `q` or
    Ctrl-C stops everything.
    """
    import asyncio

    with without_garbage_collection():
        from eventer.cli.dev_environment import run_dev

    settings = settings_of(context, port=port, data_dir=data_dir)
    seconds = None if duration is None else duration / NS_PER_SECOND
    asyncio.run(run_dev(settings, seconds=seconds, plain=plain))

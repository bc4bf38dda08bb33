"""`eventer tap`: the events of a generator as they are committed."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.generators import Id
from eventer.cli.option_values import integer
from eventer.cli.options import AsJson, Url, count_option, service_client
from eventer.cli.terminal import print_data
from eventer.core.limits import MAX_RECOMPUTED


@exit_with_code
def tap(
    context: typer.Context,
    id_: Id,
    *,
    count: Annotated[int | None, count_option("Stop after this number of events.")] = None,
    last: Annotated[
        int,
        typer.Option(
            "--last",
            metavar="NUMBER",
            parser=integer(0, MAX_RECOMPUTED),
            help="Committed events to begin with.",
        ),
    ] = 10,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Follow a generator's events as they are committed, at most 50 per second.

    With --json, each line also has the event's index. Ctrl-C stops it.
    """
    client = service_client(context, url)
    (full_id,) = client.full_ids([id_])
    query = [("id", full_id), ("last", str(last))]
    for number, line in enumerate(client.get_lines("/generator/tail", query), 1):
        event = line if as_json else line["event"]
        print_data(json.dumps(event, ensure_ascii=False, separators=(",", ":")), flush=True)
        if number == count:
            return

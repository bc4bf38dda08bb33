"""Faults on purpose: the option `--faults`, and `eventer faults`, the answer key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.generators import Id
from eventer.cli.options import AsJson, First, Url, count_option, read_input, service_client
from eventer.cli.terminal import print_data
from eventer.core.clock import NS_PER_SECOND
from eventer.core.duration import parse_duration
from eventer.core.limits import MAX_FAULT_RANGE

if TYPE_CHECKING:
    from eventer.client.json_client import ServiceClient
    from eventer.core.fault_rules import FaultRule

Faults = Annotated[
    str | None,
    typer.Option(
        "--faults",
        metavar="FILE|JSON",
        help="Faults that events get on purpose: a JSON list as in a request, or a file with one.",
    ),
]


def parse_faults(text: str | None) -> tuple[FaultRule, ...]:
    """The rules of `--faults`; none without the option.

    Raises:
        typer.BadParameter: the text is empty, or the file cannot be read.
        RequestError: they are not valid.
    """
    from eventer.api.wire.fault_rules import fault_rules

    return () if text is None else fault_rules(parse_fault_list(text))


def parse_fault_list(text: str | None) -> Any:
    """The JSON value of `--faults`; an empty list without the option.

    Raises:
        typer.BadParameter: the text is empty, or the file cannot be read.
        RequestError: it is not valid JSON.
    """
    from eventer.api.decode import decode

    if text is None:
        return []
    if not text.strip():
        raise typer.BadParameter("is empty: give a JSON list or a file", param_hint="'--faults'")
    is_json = text.lstrip().startswith(("[", "{"))
    data = os.fsencode(text) if is_json else read_input(Path(text))
    return decode(data, "--faults" if is_json else text)


@exit_with_code
def faults(
    context: typer.Context,
    id_: Id,
    *,
    first: First = 0,
    count: Annotated[
        int | None, count_option("Number of events to search; if omitted, all committed ones.")
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the events with faults: index, faults, and the event without them.

    This is the answer key for a test of a consumer. With --json, each line is a JSON object.
    """
    client = service_client(context, url)
    (full_id,) = client.full_ids([id_])
    if count is None:
        view = client.get("/generator/status", {"id": full_id})
        begun = view["timelines"]
        count = (view["position"] if begun is None else begun) - first
    for event in _faulty_events(client, full_id, first, first + count):
        print_data(_compact(event) if as_json else _line(event))


def _faulty_events(client: ServiceClient, id_: str, first: int, end: int) -> Iterator[Any]:
    for start in range(first, end, MAX_FAULT_RANGE):
        query = {"id": id_, "first": str(start), "count": str(min(MAX_FAULT_RANGE, end - start))}
        yield from client.get("/generator/faults", query)["events"]


def _line(event: Mapping[str, Any]) -> str:
    faults = ", ".join(map(_fault_text, event["faults"]))
    return f"{event['index']}  {faults}  {_compact(event['event'])}"


def _fault_text(fault: Mapping[str, str | None]) -> str:
    by = None if fault["by"] is None else parse_duration(fault["by"])
    delay = None if by is None else f"by {by / NS_PER_SECOND:.3f} s"
    due = None if fault["due"] is None else f"due {fault['due']}"
    return " ".join(filter(None, (fault["kind"], fault["field"], fault["change"], delay, due)))


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

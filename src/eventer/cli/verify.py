"""`eventer verify`: compares delivered events with what the generator produces."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from eventer.cli.exit_codes import FAILED, OK, exit_with_code
from eventer.cli.generators import Id
from eventer.cli.options import AsJson, Url, service_client
from eventer.cli.terminal import print_data, print_json, table

_MAX_FINDINGS = 20


@exit_with_code
def verify(
    context: typer.Context,
    id_: Id,
    *,
    allow_foreign: Annotated[
        bool,
        typer.Option(
            "--allow-foreign",
            help="Accept records or rows that are not events of a known generator.",
        ),
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> int:
    """Compare the content of a topic, table or folder with the generator's events, computed again.

    The exit code is 0 only if no event is missing, duplicated, changed, reordered or foreign.
    """
    client = service_client(context, url)
    (full_id,) = client.full_ids([id_])
    query = [("id", full_id), *([("allow_foreign", "1")] if allow_foreign else [])]
    answer: Mapping[str, Any] = {}
    for answer in client.post_lines("/generator/verify", query):
        if "made" in answer:
            _progress(answer)
    _clear_progress()
    if as_json:
        print_json(answer)
    else:
        for line in report_lines(answer):
            print_data(line)
    return OK if answer["clean"] else FAILED


def _progress(update: Mapping[str, Any]) -> None:
    """Shows the progress on a terminal."""
    if sys.stderr.isatty():
        share = 100 * update["made"] // max(1, update["total"])
        sys.stderr.write(f"\r{share:>3} %  {update['made']:,} of {update['total']:,} events\x1b[K")
        sys.stderr.flush()


def _clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The report as lines: totals, events that were not compared, then findings."""
    others = f", {report['others']:,} of other generators" if report["others"] else ""
    yield (
        f"{report['checked']:,} of {report['until']:,} events compared, "
        f"{report['skipped']:,} skipped; {report['read']:,} records read{others}"
    )
    for each in report["unchecked"]:
        yield f"not compared: events {each['first']} to {each['end'] - 1}: {each['reason']}"
    yield from report["notes"]
    flawed = {kind: total for kind, total in report["totals"].items() if total}
    if not flawed:
        yield "no differences found" if report["clean"] else "nothing could be compared"
        return
    yield ", ".join(f"{total:,} {kind}" for kind, total in flawed.items())
    yield table(("WHAT", "EVENT", "WHERE", "DETAIL"), [_row(f) for f in _listed_findings(report)])
    rest = sum(flawed.values()) - min(_MAX_FINDINGS, len(report["findings"]))
    if rest > 0:
        yield f"and {rest:,} more; --json lists the first 100 of each kind"


def _listed_findings(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    shown: list[Mapping[str, Any]] = report["findings"][:_MAX_FINDINGS]
    return shown


def _row(finding: Mapping[str, Any]) -> tuple[object, ...]:
    where = " ".join(f"{name}={value}" for name, value in finding["place"].items())
    return finding["kind"], finding["index"], where, finding["detail"]

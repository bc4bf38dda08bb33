"""`eventer pace`: shows when the events of a request are due, before it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.option_values import duration, integer
from eventer.cli.options import AsJson, read_input
from eventer.cli.terminal import print_data, print_json

if TYPE_CHECKING:
    from eventer.core.pace import PaceSpec
    from eventer.service.pace_preview import PacePreview

_HEIGHT: Final = 8
_EIGHTHS: Final = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
"""Blocks of 0 to 8 eighths of a line."""


@exit_with_code
def pace(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A JSON request as for `add`, or one pace; - reads standard input.",
            allow_dash=True,
        ),
    ],
    *,
    length: Annotated[
        int | None,
        typer.Option(
            "--for",
            metavar="DURATION",
            parser=duration,
            help="The time to show; if omitted, all of a pace that ends, else a typical part.",
        ),
    ] = None,
    buckets: Annotated[
        int,
        typer.Option(
            "--buckets", metavar="NUMBER", parser=integer(1, 1_000), help="Parts of that time."
        ),
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Show when the events of a request are due: events by time, total and peak.

    Delivers nothing and needs no service.
    """
    from eventer.api.wire.pace_responses import PacePreviewOut
    from eventer.service.pace_preview import preview_pace
    from eventer.service.request_faults import pace_faults, raise_faults

    now = time.time_ns()
    shown = {}
    for name, pointer, spec in _paces(read_input(file), str(file)):
        raise_faults(list(pace_faults(spec, f"{pointer}/pace", now)))
        shown[name] = preview_pace(spec, now, length=length, buckets=buckets)
    if as_json:
        paces = [
            {"event": name} | PacePreviewOut.json_of(preview) for name, preview in shown.items()
        ]
        print_json({"paces": paces})
    else:
        print_data("\n\n".join(pace_text(name, preview) for name, preview in shown.items()))


def _paces(data: bytes, name: str) -> Iterator[tuple[str, str, PaceSpec]]:
    """The paces of a request with their names and JSON pointers, or the one pace of a file.

    Raises:
        RequestError: the file is not a request.
    """
    from pydantic import ValidationError

    from eventer.api.decode import decode
    from eventer.api.problems import validation_error
    from eventer.api.wire.generator_requests import AddBody
    from eventer.api.wire.pace import PacedBody

    value: Any = decode(data, name)
    model = AddBody if isinstance(value, dict) and "events" in value else PacedBody
    try:
        body = model.model_validate(value)
    except ValidationError as error:
        raise validation_error(error, model) from error
    if isinstance(body, AddBody):
        for number, event in enumerate(body.events):
            yield event.id, f"/events/{number}", event.pace_spec()
    elif isinstance(body, PacedBody):
        yield name, "", body.pace_spec()


def pace_text(name: str, preview: PacePreview) -> str:
    """A pace as a summary and a plot."""
    from eventer.core.duration import format_duration
    from eventer.core.instant import format_instant

    length = preview.bucket * len(preview.counts)
    parts = [
        f"{name}: {preview.events:,} events in {format_duration(length)}",
        f"on average {preview.mean_rate:,.4g}/s",
        f"at most {preview.peak_rate:,.4g}/s within {format_duration(preview.bucket)}",
    ]
    if preview.total is not None and preview.last is not None:
        parts.append(f"{preview.total:,} in all, the last at {format_instant(preview.last)}")
    labels = [f"{preview.peak_rate:,.4g}/s", *[""] * (_HEIGHT - 2), "0/s"]
    width = max(map(len, labels))
    rows = zip(labels, plot(preview.counts, _HEIGHT), strict=True)
    lines = [f"{label:>{width}} |{row}" for label, row in rows]
    begin, end = format_instant(preview.begin), format_instant(preview.begin + length)
    return "\n".join([", ".join(parts), *lines, f"{'':>{width}}  {begin} to {end}"])


def plot(counts: Sequence[int], height: int) -> list[str]:
    """Lines of a bar chart, the highest first. Every bar but zero is at least an eighth high."""
    full = len(_EIGHTHS) - 1
    most = max(*counts, 1)
    bars = [ceil(count * height * full / most) for count in counts]
    return [
        "".join(_EIGHTHS[min(full, max(0, bar - line * full))] for bar in bars).rstrip()
        for line in reversed(range(height))
    ]

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
from eventer.cli.options import AsJson, input_name, read_request_file
from eventer.cli.terminal import print_data, print_json
from eventer.core.clock import NS_PER_SECOND
from eventer.core.limits import MAX_BUCKETS

if TYPE_CHECKING:
    from eventer.core.pace import PaceSpec
    from eventer.core.request_fields import RequestModel
    from eventer.service.pace_preview import PacePreview

_HEIGHT: Final = 8
_EIGHTHS: Final = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
"""Blocks of 0 to 8 eighths of a line."""
_UNITS: Final = (
    ("h", 3_600 * NS_PER_SECOND),
    ("min", 60 * NS_PER_SECOND),
    ("s", NS_PER_SECOND),
    ("ms", 1_000_000),
    ("\u00b5s", 1_000),
    ("ns", 1),
)


@exit_with_code
def pace(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='A request as for `add`, or one pace, such as {"rate": "5/s"}; - reads '
            "standard input.",
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
            help="Length of the shown time; if omitted, the whole pace, or a typical part if "
            "it has no end.",
        ),
    ] = None,
    buckets: Annotated[
        int,
        typer.Option(
            "--buckets",
            metavar="NUMBER",
            parser=integer(1, MAX_BUCKETS),
            help="Maximum number of parts of that time.",
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
    for name, pointer, spec in _paces(read_request_file(file), input_name(file)):
        raise_faults(list(pace_faults(spec, pointer, now)))
        shown[name] = preview_pace(spec, now, length=length, buckets=buckets)
    if as_json:
        paces = [
            {"event": name} | PacePreviewOut.json_of(preview) for name, preview in shown.items()
        ]
        print_json({"paces": paces})
    else:
        print_data("\n\n".join(pace_text(name, preview) for name, preview in shown.items()))


def _paces(value: Any, name: str) -> Iterator[tuple[str, str, PaceSpec]]:
    """The paces of a request with their names and JSON pointers, or the one pace of a file.

    Raises:
        RequestError: the value is not a request.
    """
    from pydantic import ValidationError

    from eventer.api.problems import validation_error
    from eventer.api.wire.generator_requests import AddBody
    from eventer.api.wire.pace import PaceBody, PacedBody

    model = _form(value)
    try:
        body = model.model_validate(value)
    except ValidationError as error:
        raise validation_error(error, model) from error
    match body:
        case AddBody():
            for number, event in enumerate(body.events):
                yield event.id, f"/events/{number}/pace", event.pace_spec()
        case PacedBody():
            yield name, "/pace", body.pace_spec()
        case PaceBody():
            yield name, "", body.spec()


def _form(value: Any) -> type[RequestModel]:
    """Whether a JSON value is a request, one of its events' paces, or a `pace` alone."""
    from eventer.api.wire.generator_requests import AddBody
    from eventer.api.wire.pace import PaceBody, PacedBody

    if not isinstance(value, dict) or "pace" in value:
        return PacedBody
    if value.keys() & AddBody.model_fields.keys():
        return AddBody
    return PacedBody if value.keys() <= PacedBody.model_fields.keys() else PaceBody


def pace_text(name: str, preview: PacePreview) -> str:
    """A pace as a summary and a plot."""
    from eventer.core.instant import format_instant

    events = "1 event" if preview.events == 1 else f"{preview.events:,} events"
    parts = [
        f"{name}: {events} in {_time(preview.length)}",
        f"on average {_rate(preview.mean_rate)}",
        f"at most {_rate(preview.peak_rate)}",
        f"a bar for each {_time(preview.bucket)}",
    ]
    if preview.total is not None and preview.last is not None:
        parts.append(f"{preview.total:,} in all, the last at {format_instant(preview.last)}")
    labels = [_rate(preview.peak_rate), *[""] * (_HEIGHT - 2), "0/s"]
    width = max(map(len, labels))
    full = preview.peak_rate * preview.bucket / NS_PER_SECOND
    rows = zip(labels, plot(_heights(preview), _HEIGHT, full), strict=True)
    lines = [f"{label:>{width}} |{row}" for label, row in rows]
    begin, end = format_instant(preview.begin), format_instant(preview.begin + preview.length)
    return "\n".join([", ".join(parts), *lines, f"{'':>{width}}  {begin} to {end}"])


def _heights(preview: PacePreview) -> list[float]:
    """The events of each bucket, of the last as if it were as long as the others."""
    *counts, last = preview.counts
    rest = preview.length - len(counts) * preview.bucket
    return [*counts, last * preview.bucket / rest]


def _rate(per_second: float) -> str:
    return f"{_number(per_second)}/s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"


def _time(nanoseconds: int) -> str:
    """A time, as `6.5 s`."""
    unit, scale = next((each for each in _UNITS if nanoseconds >= each[1]), _UNITS[-1])
    return f"{_number(nanoseconds / scale)} {unit}"


def plot(counts: Sequence[float], height: int, most: float) -> list[str]:
    """Lines of a bar chart, the highest first, up to `most`; a bar above that is cut off.

    Every bar but zero is at least an eighth high.
    """
    full = len(_EIGHTHS) - 1
    bars = [ceil(count * height * full / most) if count else 0 for count in counts]
    return [
        "".join(_EIGHTHS[min(full, max(0, bar - line * full))] for bar in bars).rstrip()
        for line in reversed(range(height))
    ]

"""`eventer profile`: what the data of a template looks like, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import typer

from eventer.cli import template_options as option
from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.template_options import parse_seed, seed_message, template_request
from eventer.cli.templates import ask_template_service
from eventer.cli.terminal import print_data, print_json, print_message, table

_BARS: Final = "▁▂▃▄▅▆▇█"
_HEADER: Final = (
    "FIELD", "TYPE", "NULL", "ABSENT", "DISTINCT", "LEAST", "MOST", "MEAN", "VALUES",
)  # fmt: skip
_WIDTH: Final = 24
_SHOWN: Final = 3


@exit_with_code
def profile(
    context: typer.Context,
    template: option.TemplateFile,
    *,
    count: option.Count = 10_000,
    seed: option.Seed = None,
    stream: option.StreamName = None,
    dataset: option.Dataset = None,
    at: option.At = None,
    variables: option.Variables = None,
    referenced: option.With = None,
    library: Library = None,
    as_json: AsJson = False,
) -> None:
    """Show types, extremes, frequent values and histograms of a template's fields."""
    from eventer.api.wire.responses import ProfileOut
    from eventer.core.error_text import format_error

    settings = settings_of(context, library=library)
    request = template_request(
        template,
        variables,
        at,
        referenced,
        count=count,
        seed=parse_seed(seed),
        stream=stream,
        dataset=dataset,
    )
    found = ask_template_service(settings, lambda service: service.profile(request))
    answer = ProfileOut.json_of(found)
    if as_json:
        print_json(answer)
        return
    print_data(table(_HEADER, list(profile_rows(answer))))
    omitted = f", {answer['omitted']:,} more fields" if answer["omitted"] else ""
    print_message(f"{answer['events']:,} events{omitted}")
    if found.failing is not None:
        print_message(format_error(found.failing))
    if seed is None:
        print_message(seed_message(found.seed))


def profile_rows(answer: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """A row for each field of a profile."""
    for field in answer["fields"]:
        yield (
            field["pointer"] or "(event)",
            ", ".join(field["types"]) or "null",
            field["nulls"] or None,
            field["absent"] or None,
            field["distinct"],
            _short(field["least"]),
            _short(field["most"]),
            _short(field["mean"]),
            bars(field["histogram"]["counts"]) if field["histogram"] else _frequent(field),
        )


def bars(counts: Sequence[int]) -> str:
    """A histogram as a bar for each count; the highest bar is the greatest count."""
    most = max(counts, default=0) or 1
    return "".join(_BARS[count * (len(_BARS) - 1) // most] for count in counts)


def _frequent(field: Mapping[str, Any]) -> str | None:
    """The most frequent values with their numbers, if some value is frequent."""
    values = [each for each in field["frequent"] if each["count"] > 1][:_SHOWN]
    return ", ".join(f"{_short(each['value'])} ({each['count']:,})" for each in values) or None


def _short(value: object) -> object:
    """A value in few characters; None stays None."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,.2f}" if isinstance(value, float) and abs(value) >= 1 else f"{value:,}"
    if isinstance(value, str) and len(value) > _WIDTH:
        return value[: _WIDTH - 1] + "…"
    return value

"""Writes `docs/reference/functions.md` from the catalog; with `--check` only compares them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from reference_page import write_or_check

from eventer.core.json_text import json_text
from eventer.functions.catalog import CATALOG
from eventer.functions.fingerprint import fingerprint
from eventer.functions.spec import FieldSpec, FunctionSpec, Parameter, RowContext
from eventer.kernels import draw

# A key whose first event shows each value well.
EXAMPLE_KEY: Final = draw.step_of("example")
LONGEST_EXAMPLE: Final = 60

INTRODUCTION: Final = """# Functions

<!-- Made by tools/functions_page.py from the catalog of functions: change that, not this page. -->

Templates get these functions by name: `local get_integer = std.native('get_integer');`. The same
list is at `GET /functions` and in `eventer functions`.

Every value is a pure function of the seed, the stream, the place of the call in the template and
the event's index ([Draws](draws.md) says how, bit for bit). A call in one place draws once an
event, however often its value is read; two calls draw independently. The data behind the values
(names, words, time zones, user agents) are part of the package and do not change with anything that
is installed; the version of all of it, the *fingerprint*, is `{fingerprint}`.

An argument that is wrong is an error at the call's line and column. Where a template's arguments
are constant, it is found when the generator is added.
"""

FIELDS_INTRODUCTION: Final = """
The keys are those of go-faker, in its shapes, with what it gets wrong put right: card numbers have
their type's prefix and a valid check digit, the type differs from event to event, a title agrees
with the name's gender, letters include `z`, a token can be decoded, codes of telephone numbers are
possible ones, amounts are never zero, numbers print the decimals that they have.

Related keys of one call agree: `cc_type` with `cc_number`; `first_name` and `last_name` with
`name`; `currency` and `amount` with `amount_with_currency`; `uuid_digit` with `uuid_hyphenated`;
and `unix_time`, `date`, `time`, `timestamp`, `year`, `month_name`, `day_of_month` and `time_period`
with each other. All others are independent. "Letters" are `A` to `Z` and `a` to `z`.

| Key | Type | What it is | Example |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    functions = [spec for name in CATALOG.names() if (spec := CATALOG.find(name))]
    return INTRODUCTION.format(fingerprint=fingerprint()) + "".join(map(section, functions))


def section(spec: FunctionSpec) -> str:
    """What is said of one function."""
    return "".join(_section_parts(spec))


def _section_parts(spec: FunctionSpec) -> Iterator[str]:
    yield f"\n## `{spec.signature}`\n\n{spec.doc}\n"
    if spec.parameters:
        yield "\n| Parameter | Takes | What it is |\n|---|---|---|\n"
        yield from map(_parameter_row, spec.parameters)
    yield f"\nReturns: {spec.return_type.value}. "
    yield "Random.\n" if spec.is_random else "Not random.\n"
    yield "\n```jsonnet\n" + "\n".join(spec.examples) + "\n```\n"
    if spec.fields:
        yield FIELDS_INTRODUCTION
        yield from (_field_row(field) for field in spec.fields.values() if not field.hidden)


def _parameter_row(parameter: Parameter) -> str:
    default = f" (`{json_text(parameter.default)}`)" if parameter.optional else ""  # type: ignore[arg-type]  # optional means that the default is a JSON value
    optional = f"; may be left out{default}" if parameter.optional else ""
    return f"| `{parameter.name}` | {parameter.type} | {parameter.doc}{optional} |\n"


def _field_row(field: FieldSpec) -> str:
    text = json_text(field.row(EXAMPLE_KEY, RowContext(index=0, scheduled=0)))
    shown = text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"
    return f"| `{field.name}` | {field.return_type.value} | {field.doc} | `{shown}` |\n"


if __name__ == "__main__":
    sys.exit(write_or_check("functions", page()))

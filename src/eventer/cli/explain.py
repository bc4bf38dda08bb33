"""How a template's events are made, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eventer.cli.endings import ends_well
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.sources import (
    At,
    Dataset,
    StreamName,
    TemplateFile,
    Variables,
    parse_at,
    parse_seed,
    parse_variables,
    read_template,
    recipe,
)
from eventer.cli.templates import ask
from eventer.cli.terminal import data, json_data

if TYPE_CHECKING:
    from eventer.plan.explain_template import Explained

_SECONDS = 10.0

Seed = Annotated[
    str, typer.Option("--seed", metavar="NUMBER", help="Unsigned 64 bits; draw keys depend on it.")
]


@ends_well
def explain(
    context: typer.Context,
    template: TemplateFile,
    *,
    seed: Seed = "0",
    stream: StreamName = None,
    dataset: Dataset = None,
    at: At = None,
    variables: Variables = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Time it, for about a second.")
    ] = True,
    library: Library = None,
    as_json: AsJson = False,
) -> None:
    """Show a template's plan and what its events cost, or what keeps it off the plan."""
    from eventer.core.model import Template
    from eventer.workers.messages import Explain

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    subject = Template(text, name, parse_variables(variables or ()))
    made_of = recipe(subject, settings, seed=parse_seed(seed), stream=stream, dataset=dataset)
    question = Explain(made_of, parse_at(at), measure)
    explained = ask(settings, lambda inspectors: inspectors.explain(question, _SECONDS))
    if as_json:
        json_data(_json(explained))
    else:
        data(_text(explained).rstrip("\n"))


def _json(explained: Explained) -> object:
    from dataclasses import asdict

    return asdict(explained)


def _text(explained: Explained) -> str:
    from eventer.plan.explain_text import measured_text, plan_text

    parts = [_refusal(explained) if explained.plan is None else plan_text(explained.plan)]
    if explained.measured is not None:
        parts.append(measured_text(explained.measured, explained.plan))
    return "\n".join(parts)


def _refusal(explained: Explained) -> str:
    from eventer.core.report import render_place

    lines = [f"engine: {explained.engine}", f"not on the plan: {explained.reason}"]
    if explained.place is not None:
        lines += render_place(explained.place)
    return "".join(f"{line}\n" for line in lines)

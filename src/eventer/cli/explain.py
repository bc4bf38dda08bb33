"""How a template's events are made, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.template_options import (
    At,
    Dataset,
    StreamName,
    TemplateFile,
    Variables,
    build_recipe,
    parse_at,
    parse_seed,
    parse_variables,
    read_template,
)
from eventer.cli.templates import ask_inspector
from eventer.cli.terminal import print_data, print_json

if TYPE_CHECKING:
    from eventer.plan.explain_template import TemplateExplanation

_SECONDS = 10.0

Seed = Annotated[
    str, typer.Option("--seed", metavar="NUMBER", help="Unsigned 64 bits; draw keys depend on it.")
]


@exit_with_code
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
    from eventer.workers.messages import ExplainTemplate

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    subject = Template(text, name, parse_variables(variables or ()))
    recipe = build_recipe(subject, settings, seed=parse_seed(seed), stream=stream, dataset=dataset)
    question = ExplainTemplate(recipe, parse_at(at), measure)
    explained = ask_inspector(settings, lambda inspectors: inspectors.explain(question, _SECONDS))
    if as_json:
        print_json(_json(explained))
    else:
        print_data(_text(explained).rstrip("\n"))


def _json(explained: TemplateExplanation) -> object:
    from dataclasses import asdict

    return asdict(explained)


def _text(explained: TemplateExplanation) -> str:
    from eventer.plan.explain_text import measurement_text, plan_text

    parts = [_refusal(explained) if explained.plan is None else plan_text(explained.plan)]
    if explained.measured is not None:
        parts.append(measurement_text(explained.measured, explained.plan))
    return "\n".join(parts)


def _refusal(explained: TemplateExplanation) -> str:
    from eventer.core.error_text import format_place

    lines = [f"engine: {explained.engine}", f"not on the plan: {explained.reason}"]
    if explained.place is not None:
        lines += format_place(explained.place)
    return "".join(f"{line}\n" for line in lines)

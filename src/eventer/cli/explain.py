"""`eventer explain`: how a template's events are generated, and at what cost."""

from __future__ import annotations

from typing import Annotated

import typer

from eventer.cli import template_options as option
from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.template_options import parse_seed, template_request, timeline_spec
from eventer.cli.templates import ask_template_service
from eventer.cli.terminal import print_data, print_json

Seed = Annotated[
    str,
    typer.Option(
        "--seed", metavar="NUMBER", help="Unsigned 64-bit integer; draw keys depend on it."
    ),
]


@exit_with_code
def explain(
    context: typer.Context,
    template: option.TemplateFile,
    *,
    seed: Seed = "0",
    stream: option.StreamName = None,
    dataset: option.Dataset = None,
    at: option.At = None,
    variables: option.Variables = None,
    timeline: option.TimelineHorizon = None,
    referenced: option.With = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Measure the cost, for about a second.")
    ] = True,
    library: Library = None,
    as_json: AsJson = False,
) -> None:
    """Show a template's plan and the cost of its events, or why the template has no plan."""
    from dataclasses import asdict

    from eventer.service.template_service import explanation_text

    settings = settings_of(context, library=library)
    request = template_request(
        template,
        variables,
        at,
        referenced,
        seed=parse_seed(seed),
        stream=stream,
        dataset=dataset,
        timeline=timeline_spec(timeline, None),
    )
    explanation = ask_template_service(
        settings, lambda service: service.explain(request, measured=measure)
    )
    if as_json:
        print_json(asdict(explanation))
    else:
        print_data(explanation_text(explanation).rstrip("\n"))

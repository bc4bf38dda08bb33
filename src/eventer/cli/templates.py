"""Templates without a service: see their events, check them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from eventer.cli.exit_codes import INVALID, OK, exit_with_code
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.template_options import (
    At,
    Connection,
    Dataset,
    Key,
    Seed,
    StreamName,
    Table,
    TemplateFile,
    Topic,
    Variables,
    build_recipe,
    parse_at,
    parse_seed,
    parse_variables,
    read_template,
    target_of,
)
from eventer.cli.terminal import print_data, print_json, print_message
from eventer.core.errors import EventerError

if TYPE_CHECKING:
    from eventer.settings import Settings
    from eventer.workers.inspector_pool import InspectorPool
    from eventer.workers.messages import Inspection, PreviewedEvents, TemplateWarning

_T = TypeVar("_T")
_PREVIEW_SECONDS = 10.0
_CHECKED_EVENTS = 100


@exit_with_code
def preview(
    context: typer.Context,
    template: TemplateFile,
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", metavar="NUMBER", min=1, help="How many events.")
    ] = 10,
    first: Annotated[
        int, typer.Option("--first", metavar="INDEX", min=0, help="Index of the first one.")
    ] = 0,
    seed: Seed = None,
    stream: StreamName = None,
    dataset: Dataset = None,
    at: At = None,
    variables: Variables = None,
    library: Library = None,
    as_json: AsJson = False,
) -> None:
    """Show events of a template, one a line. Nothing is delivered; no service is needed."""
    from eventer.core.model import Template
    from eventer.workers.messages import PreviewEvents

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    number = parse_seed(seed)
    subject = Template(text, name, parse_variables(variables or ()))
    recipe = build_recipe(subject, settings, seed=number, stream=stream, dataset=dataset)
    question = PreviewEvents(recipe, parse_at(at), first, count)
    shown = ask_inspector(
        settings, lambda inspectors: inspectors.preview(question, _PREVIEW_SECONDS)
    )
    _print_warnings(shown.warnings, shown.traces)
    if as_json:
        print_json(_preview_json(shown, number))
    else:
        for event in shown.events:
            print_data(event.decode())
        if seed is None:
            print_message(f"seed {number}: --seed {number} gives the same events again")


@exit_with_code
def validate(
    context: typer.Context,
    template: TemplateFile,
    *,
    topic: Topic = None,
    table: Table = None,
    key: Key = None,
    connection: Connection = None,
    dataset: Dataset = None,
    at: At = None,
    variables: Variables = None,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Check a template and its first 100 events, and whether a topic or a table could take them."""
    from eventer.core.model import Template
    from eventer.workers.messages import InspectTemplate

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    subject = Template(text, name, parse_variables(variables or ()))
    recipe = build_recipe(subject, settings, seed=0, stream=None, dataset=dataset)
    target = target_of(topic, table, key, connection)
    targets = () if target is None else (target,)
    seconds = settings.limits.inspect_seconds
    question = InspectTemplate(recipe, parse_at(at), _CHECKED_EVENTS, seconds, targets)
    found = ask_inspector(
        settings, lambda inspectors: inspectors.inspect(question, _PREVIEW_SECONDS)
    )
    _print_warnings(found.warnings, found.traces)
    errors: list[EventerError] = [error for _, error in found.rejections]
    if found.failing is not None:
        errors.append(found.failing)
    _report(found, name, errors, as_json=as_json)
    return INVALID if errors else OK


def ask_inspector(settings: Settings, question: Callable[[InspectorPool], Awaitable[_T]]) -> _T:
    """Asks in a process of its own, as the service does: it has limits, and can be ended."""
    from eventer.workers.inspector_pool import InspectorPool
    from eventer.workers.messages import WorkerConfig

    async def asking() -> _T:
        memory = settings.limits.worker_memory_bytes
        inspectors = InspectorPool(1, WorkerConfig("inspector", 0, {}, settings.library, memory))
        inspectors.start()
        try:
            return await question(inspectors)
        finally:
            await inspectors.stop()

    return asyncio.run(asking())


def _print_warnings(warnings: Iterable[TemplateWarning], traces: Iterable[str]) -> None:
    """Says what surprises, and what the template traced."""
    from eventer.core.error_text import format_place

    for trace in traces:
        print_message(trace)
    for notice in warnings:
        lines = format_place(notice.place, notice.hint) if notice.place else []
        print_message("\n".join([f"warning: {notice.message}", *lines]))


def _preview_json(shown: PreviewedEvents, seed: int) -> object:
    import json

    return {
        "events": [json.loads(event) for event in shown.events],
        "seed": str(seed),
        "engine": shown.engine,
        "reason": shown.reason,
        "warnings": [notice.message for notice in shown.warnings],
        "traces": list(shown.traces),
    }


def _report(found: Inspection, name: str, errors: Sequence[EventerError], *, as_json: bool) -> None:
    from eventer.core.error_text import format_error

    columns = {column.name: column.type.value for column in found.shape.columns}
    if as_json:
        print_json(
            {
                "valid": not errors,
                "engine": found.engine,
                "reason": found.reason,
                "columns": columns,
                "warnings": [notice.message for notice in found.warnings],
                "errors": [error.message for error in errors],
            }
        )
        return
    for error in errors:
        print_message(format_error(error))
    if errors:
        return
    print_data(f"{name} is valid ({found.engine}{f': {found.reason}' if found.reason else ''})")
    for column, kind in columns.items():
        print_data(f"  {column}  {kind}")

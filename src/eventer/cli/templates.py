"""Templates without a service: see their events, check them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from eventer.cli.endings import INVALID, OK, ends_well
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.sources import (
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
    parse_at,
    parse_seed,
    parse_variables,
    read_template,
    recipe,
    target_of,
)
from eventer.cli.terminal import data, json_data, say
from eventer.core.errors import EventerError

if TYPE_CHECKING:
    from eventer.settings import Settings
    from eventer.workers.inspectors import Inspectors
    from eventer.workers.messages import Inspection, Notice, Shown

_T = TypeVar("_T")
_SHOW_SECONDS = 10.0
_CHECKED_EVENTS = 100


@ends_well
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
    from eventer.workers.messages import Show

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    number = parse_seed(seed)
    subject = Template(text, name, parse_variables(variables or ()))
    made_of = recipe(subject, settings, seed=number, stream=stream, dataset=dataset)
    question = Show(made_of, parse_at(at), first, count)
    shown = ask(settings, lambda inspectors: inspectors.show(question, _SHOW_SECONDS))
    _tell(shown.notices, shown.traces)
    if as_json:
        json_data(_preview_json(shown, number))
    else:
        for event in shown.events:
            data(event.decode())
        if seed is None:
            say(f"seed {number}: --seed {number} gives the same events again")


@ends_well
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
    from eventer.workers.messages import Inspect

    settings = settings_of(context, library=library)
    text, name = read_template(template)
    subject = Template(text, name, parse_variables(variables or ()))
    made_of = recipe(subject, settings, seed=0, stream=None, dataset=dataset)
    target = target_of(topic, table, key, connection)
    targets = () if target is None else (target,)
    seconds = settings.limits.inspect_seconds
    question = Inspect(made_of, parse_at(at), _CHECKED_EVENTS, seconds, targets)
    found = ask(settings, lambda inspectors: inspectors.inspect(question, _SHOW_SECONDS))
    _tell(found.notices, found.traces)
    wrong: list[EventerError] = [error for _, error in found.refusals]
    if found.failing is not None:
        wrong.append(found.failing)
    _report(found, name, wrong, as_json=as_json)
    return INVALID if wrong else OK


def ask(settings: Settings, question: Callable[[Inspectors], Awaitable[_T]]) -> _T:
    """Asks in a process of its own, as the service does: it has limits, and can be ended."""
    from eventer.workers.inspectors import Inspectors
    from eventer.workers.messages import Configure

    async def asking() -> _T:
        memory = settings.limits.worker_memory_bytes
        inspectors = Inspectors(1, Configure("inspector", 0, {}, settings.library, memory))
        inspectors.start()
        try:
            return await question(inspectors)
        finally:
            await inspectors.stop()

    return asyncio.run(asking())


def _tell(notices: Iterable[Notice], traces: Iterable[str]) -> None:
    """Says what surprises, and what the template traced."""
    from eventer.core.report import render_place

    for trace in traces:
        say(trace)
    for notice in notices:
        lines = render_place(notice.place, notice.hint) if notice.place else []
        say("\n".join([f"warning: {notice.message}", *lines]))


def _preview_json(shown: Shown, seed: int) -> object:
    import json

    return {
        "events": [json.loads(event) for event in shown.events],
        "seed": str(seed),
        "engine": shown.engine,
        "reason": shown.reason,
        "warnings": [notice.message for notice in shown.notices],
        "traces": list(shown.traces),
    }


def _report(found: Inspection, name: str, wrong: Sequence[EventerError], *, as_json: bool) -> None:
    from eventer.core.report import render

    columns = {column.name: column.type.value for column in found.shape.columns}
    if as_json:
        json_data(
            {
                "valid": not wrong,
                "engine": found.engine,
                "reason": found.reason,
                "columns": columns,
                "warnings": [notice.message for notice in found.notices],
                "errors": [error.message for error in wrong],
            }
        )
        return
    for error in wrong:
        say(render(error))
    if wrong:
        return
    data(f"{name} is valid ({found.engine}{f': {found.reason}' if found.reason else ''})")
    for column, kind in columns.items():
        data(f"  {column}  {kind}")

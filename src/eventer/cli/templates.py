"""`eventer preview` and `eventer validate`: templates without a service."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from eventer.cli import template_options as option
from eventer.cli.exit_codes import INVALID, OK, exit_with_code
from eventer.cli.faults import Faults, parse_faults
from eventer.cli.options import AsJson, First, Library, settings_of
from eventer.cli.other_target import OtherTarget
from eventer.cli.target_options import (
    EndpointOptions,
    FolderOptions,
    RecordFormats,
    checked_target,
    target_of,
)
from eventer.cli.template_options import (
    parse_seed,
    seed_message,
    template_request,
    timeline_spec,
    written_part,
)
from eventer.cli.terminal import print_data, print_json, print_message
from eventer.core.loading import without_garbage_collection
from eventer.core.model import ConsoleTarget, WrittenPart

if TYPE_CHECKING:
    from eventer.core.model import Target
    from eventer.service.template_service import TemplateService
    from eventer.service.views import Inspection, PreviewedEvents
    from eventer.settings import Settings

_T = TypeVar("_T")


@exit_with_code
def preview(
    context: typer.Context,
    template: option.TemplateFile,
    *,
    count: option.Count = 10,
    first: First = 0,
    seed: option.Seed = None,
    stream: option.StreamName = None,
    dataset: option.Dataset = None,
    at: option.At = None,
    variables: option.Variables = None,
    referenced: option.With = None,
    value: option.Value = None,
    omit: option.Omit = None,
    faults: Faults = None,
    timeline: option.TimelineHorizon = None,
    only: option.Only = None,
    library: Library = None,
    as_json: AsJson = False,
) -> None:
    """Show events of a template, one per line. Delivers nothing and needs no service.

    With --timeline, show the steps of timelines that all start now: when each is due, and its
    event.
    """
    from eventer.api.wire.responses import PreviewOut

    settings = settings_of(context, library=library)
    request = template_request(
        template,
        variables,
        at,
        referenced,
        count=count,
        first=first,
        seed=parse_seed(seed),
        stream=stream,
        dataset=dataset,
        part=_checked_part(value, omit),
        faults=parse_faults(faults),
        timeline=timeline_spec(timeline, only),
    )
    shown = ask_template_service(settings, lambda service: service.preview(request))
    _print_warnings(shown)
    if as_json:
        print_data(PreviewOut.body_of(shown).decode())
    else:
        for line in _lines(shown):
            print_data(line)
        if seed is None:
            print_message(seed_message(shown.seed))


@exit_with_code
def validate(
    context: typer.Context,
    template: option.TemplateFile,
    *,
    topic: option.Topic = None,
    table: option.Table = None,
    folder: option.Folder = None,
    file_format: option.FileFormatName = None,
    partition_by: option.PartitionBy = None,
    endpoint: option.Endpoint = None,
    body_format: option.BodyFormatName = None,
    to: option.To = None,
    to_options: option.ToOption = None,
    key: option.Key = None,
    value: option.Value = None,
    omit: option.Omit = None,
    op: option.Op = None,
    record_format: option.Format = "json",
    key_format: option.KeyFormat = "json",
    schema_file: option.SchemaFile = None,
    key_schema_file: option.KeySchemaFile = None,
    connection: option.Connection = None,
    dataset: option.Dataset = None,
    at: option.At = None,
    variables: option.Variables = None,
    timeline: option.TimelineHorizon = None,
    referenced: option.With = None,
    faults: Faults = None,
    library: Library = None,
    as_json: AsJson = False,
) -> int:
    """Check a template, its first 100 events, and whether they fit a destination."""
    from eventer.core.error_text import format_error

    settings = settings_of(context, library=library)
    request = template_request(
        template,
        variables,
        at,
        referenced,
        seed=0,
        dataset=dataset,
        faults=parse_faults(faults),
        timeline=timeline_spec(timeline, None),
    )
    part = _checked_part(value, omit)
    formats = RecordFormats(record_format, key_format, schema_file, key_schema_file)
    # As for `run`: without a connection, FOLDER is the root, and URL the address.
    located = connection is not None
    files = FolderOptions(folder if located or folder is None else ".", file_format, partition_by)
    http = EndpointOptions(endpoint if located or endpoint is None else "", body_format)
    target: Target | None = target_of(
        topic,
        table,
        key,
        connection,
        part=part,
        op=op,
        formats=formats,
        files=files,
        http=http,
        other=OtherTarget(to, to_options),
    )
    if target is None and not part.is_whole:
        target = ConsoleTarget(value=part.value, omit=part.omit)
    validation = ask_template_service(settings, lambda service: service.validate(request, target))
    _print_warnings(validation)
    failing = () if validation.failing is None else (validation.failing,)
    errors = (*validation.rejections.values(), *failing)
    if as_json:
        print_json(_validation_json(validation))
        return INVALID if errors else OK
    for error in errors:
        print_message(format_error(error))
    if errors:
        return INVALID
    reason = f": {validation.reason}" if validation.reason else ""
    print_data(f"{request.name} is valid ({validation.engine}{reason})")
    for column in validation.shape.columns:
        print_data(f"  {column.name}  {column.type.value}")
    for subject, text in validation.schema_texts.items():
        print_data(f"{subject}:\n{json.dumps(json.loads(text), ensure_ascii=False, indent=2)}")
    return OK


def _lines(shown: PreviewedEvents) -> Iterator[str]:
    """The events, or the steps with their events, as JSON."""
    from eventer.api.wire.responses import StepOut

    if not shown.steps:
        yield from (event.decode() for event in shown.events)
        return
    for step, event in zip(shown.steps, shown.events, strict=True):
        head = json.dumps(StepOut.json_of(step), ensure_ascii=False, separators=(",", ":"))
        yield f'{head[:-1]},"event":{event.decode()}}}'


def _checked_part(value: str | None, omit: list[str] | None) -> WrittenPart:
    """The part of `--value` and `--omit`.

    Raises:
        typer.BadParameter: one is not a JSON pointer.
    """
    part = written_part(value, omit)
    checked_target(ConsoleTarget(value=part.value, omit=part.omit), "--value")
    return part


def _validation_json(validation: Inspection) -> dict[str, Any]:
    from eventer.api.wire.faults import FaultOut
    from eventer.api.wire.responses import ValidateOut

    rejections = [FaultOut.json_of(error) for error in validation.rejections.values()]
    answer = ValidateOut.json_of(validation)
    return answer | {"rejections": rejections} if rejections else answer


def ask_template_service(
    settings: Settings, question: Callable[[TemplateService], Awaitable[_T]]
) -> _T:
    """The answer of a template service that is started for this question only."""
    import asyncio

    with without_garbage_collection():
        from eventer.service.template_service import standalone_template_service

    async def ask() -> _T:
        async with standalone_template_service(settings) as service:
            return await question(service)

    return asyncio.run(ask())


def _print_warnings(answer: PreviewedEvents | Inspection) -> None:
    """Prints the output of `std.trace` and the warnings."""
    from eventer.core.error_text import format_place

    for trace in answer.traces:
        print_message(trace)
    for notice in answer.warnings:
        if notice.place is None:
            print_message(f"warning: {notice.text}")
            continue
        lines = format_place(notice.place, notice.hint)
        print_message("\n".join([f"warning: {notice.message}", *lines]))

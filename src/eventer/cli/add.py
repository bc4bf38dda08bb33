"""`eventer add`: adds generators to a running service, from a request or from a template."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventer.cli import schedule_options as due
from eventer.cli import template_options as option
from eventer.cli.exit_codes import exit_with_code
from eventer.cli.faults import Faults, parse_fault_list
from eventer.cli.generators import show_generators
from eventer.cli.option_values import choice, unicode_text
from eventer.cli.options import AsJson, Url, read_request_file, service_client
from eventer.cli.other_target import OtherTarget
from eventer.cli.target_options import EndpointOptions, FolderOptions, RecordFormats, target_of
from eventer.cli.template_options import (
    parse_reference,
    parse_seed,
    parse_variables,
    read_template,
    timeline_spec,
    written_part,
)
from eventer.cli.terminal import print_data, print_message
from eventer.core.errors import RequestError
from eventer.core.model import CatchUp, OnError, OnNull

if TYPE_CHECKING:
    from eventer.core.model import ServiceTarget
    from eventer.service.run_pace import PaceOptions

_DESTINATIONS = "--kafka TOPIC, --postgres TABLE, --file FOLDER, --http PATH or --to KIND:NAME"
_TEMPLATE_ENDINGS = (".jsonnet", ".libsonnet")


@exit_with_code
def add(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A request in JSON or YAML; with a destination, a template. "
            "- reads standard input.",
            allow_dash=True,
        ),
    ],
    *,
    topic: option.Topic = None,
    table: option.Table = None,
    folder: option.Folder = None,
    file_format: option.FileFormatName = None,
    partition_by: option.PartitionBy = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="PATH",
            parser=unicode_text,
            help="Path below the URL of the connection to post to; . is the URL itself.",
        ),
    ] = None,
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
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", parser=unicode_text, help="Name of the generator."),
    ] = None,
    rate: due.Rate = None,
    stages: due.StageList = None,
    profile: due.Multipliers = None,
    timezone: due.TimeZone = None,
    arrivals: due.ArrivalTimes = "even",
    start: due.Start = None,
    end: due.End = None,
    count: due.Count = None,
    interval: due.Interval = None,
    max_events: due.MaxEvents = None,
    timeline: option.TimelineHorizon = None,
    only: option.Only = None,
    seed: option.Seed = None,
    stream: option.StreamName = None,
    dataset: option.Dataset = None,
    variables: option.Variables = None,
    referenced: option.With = None,
    on_error: due.WhenFailing = OnError.STOP,
    on_null: due.WhenNull = OnNull.EMIT,
    catch_up: Annotated[
        CatchUp,
        typer.Option(
            "--catch-up",
            metavar="drop|replay",
            parser=choice(*CatchUp),
            help="Whether to drop or replay the backlog after a downtime.",
        ),
    ] = CatchUp.DROP,
    faults: Faults = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request; do not send it.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Add generators to a running service, or change the pace of existing ones.

    A request can name files of templates with `template_file`, relative to the request, and
    environment variables with `${NAME}`. All options except --dry-run, --url and --json are for a
    template.
    """
    from eventer.service.run_pace import PaceOptions

    part = written_part(value, omit)
    formats = RecordFormats(record_format, key_format, schema_file, key_schema_file)
    files = FolderOptions(folder, file_format, partition_by)
    http = EndpointOptions("" if endpoint == "." else endpoint, body_format)
    target = target_of(
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
    if target is None:
        _check_is_request(context, file)
        request = read_request_file(file)
    else:
        paces = PaceOptions(
            rate=rate,
            count=count,
            interval=interval,
            stages=stages,
            profile=profile,
            timezone=timezone,
            arrivals=arrivals,
            start=start,
            end=end,
        )
        timeline_spec(timeline, only)
        event = {
            "timeline": None if timeline is None else {"horizon": timeline},
            "seed": None if seed is None else str(parse_seed(seed)),
            "stream": stream,
            "dataset": dataset,
            "vars": json.loads(parse_variables(variables or ())),
            "pace": _pace(paces, max_events),
            "on_error": _unless(on_error, OnError.STOP),
            "on_null": _unless(on_null, OnNull.EMIT),
            "catch_up": _unless(catch_up, CatchUp.DROP),
            "faults": parse_fault_list(faults),
        }
        request = _request(file, target, event, referenced or (), name=name, only=only)
    if dry_run:
        print_data(json.dumps(request, ensure_ascii=False, indent=2))
        return
    body = json.dumps(request, ensure_ascii=False).encode()
    answer = service_client(context, url).post("/generator/add", body=body)
    show_generators(answer["generators"], answer, as_json=as_json)
    for view in answer["generators"]:
        for warning in view.get("warnings", ()):
            print_message(f"warning: generator {view['name']}: {warning['message']}")


def _check_is_request(context: typer.Context, file: Path) -> None:
    """Checks that no option of a template is given.

    Raises:
        typer.BadParameter: one is given, or the file is a template.
    """
    general = {"file", "dry_run", "url", "as_json"}
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name not in general and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"{parameter.opts[0]} needs {_DESTINATIONS}")
    if file.suffix in _TEMPLATE_ENDINGS:
        raise typer.BadParameter(f"{file} is a template: give its destination, {_DESTINATIONS}")


def _pace(options: PaceOptions, max_events: int | None) -> dict[str, Any]:
    """The pace of the options as in a request.

    Raises:
        typer.BadParameter: there is none, or an option is invalid.
    """
    from eventer.core.pace_json import pace_json
    from eventer.service.run_pace import run_pace

    try:
        spec = run_pace(options, time.time_ns())
    except RequestError as error:
        raise typer.BadParameter(error.message) from error
    if spec is None:
        raise typer.BadParameter("a generator needs a pace: --rate, --interval or --stages")
    return pace_json(replace(spec, max_events=max_events))


def _request(
    file: Path,
    target: ServiceTarget,
    event: dict[str, Any],
    referenced: Iterable[str],
    **schedule: str | None,
) -> dict[str, Any]:
    """The request that adds the events of a template; without the options that are omitted."""
    from eventer.api.wire.responses import target_json

    id_ = "events" if str(file) == "-" else file.stem
    text, _ = read_template(file)
    events = [{"id": id_, "template": text} | _given(event)]
    events += _referenced_events(referenced, event)
    ids = {"destination_id": target.kind, "event_id": id_}
    return {
        "destinations": [{"id": target.kind} | target_json(target)],
        "events": events,
        "schedules": [ids | _given(schedule)],
    }


def _referenced_events(given: Iterable[str], event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events of `--with`, which have the variables and the dataset of the template."""
    for each in given:
        id_, file, count = parse_reference(each)
        text, _ = read_template(file)
        shared = {"vars": event["vars"], "dataset": event["dataset"], "count": count}
        yield {"id": id_, "template": text} | _given(shared)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def _unless(value: str, default: str) -> str | None:
    return None if value == default else str(value)

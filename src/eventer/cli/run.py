"""`eventer run`: delivers a template's events without a service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from eventer.cli import schedule_options as due
from eventer.cli import template_options as option
from eventer.cli.exit_codes import exit_with_code
from eventer.cli.faults import Faults, parse_faults
from eventer.cli.options import AsJson, Library, settings_of
from eventer.cli.other_target import OtherTarget
from eventer.cli.target_options import (
    EndpointOptions,
    FolderOptions,
    RecordFormats,
    checked_target,
    target_of,
)
from eventer.cli.template_options import (
    parse_at,
    parse_seed,
    parse_variables,
    seed_message,
    timeline_spec,
    written_part,
)
from eventer.cli.terminal import print_message
from eventer.core.errors import RequestError
from eventer.core.loading import without_garbage_collection
from eventer.core.model import ConsoleTarget, OnError, OnNull, Target, WrittenPart

if TYPE_CHECKING:
    from eventer.service.run_schedule import ScheduleOptions
    from eventer.service.thresholds import Threshold


@exit_with_code
def run(
    context: typer.Context,
    template: option.TemplateFile,
    *,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the events, one per line.")
    ] = False,
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
    rate: due.Rate = None,
    stages: due.StageList = None,
    profile: due.Multipliers = None,
    timezone: due.TimeZone = None,
    arrivals: due.ArrivalTimes = "even",
    start: due.Start = None,
    end: due.End = None,
    count: due.Count = None,
    interval: due.Interval = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast", help="Simulate time: deliver all events at once, with the times of the pace."
        ),
    ] = False,
    timeline: option.TimelineHorizon = None,
    only: option.Only = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration", metavar="DURATION", help="How long to run, starting at the first events."
        ),
    ] = None,
    max_events: due.MaxEvents = None,
    seed: option.Seed = None,
    stream: option.StreamName = None,
    dataset: option.Dataset = None,
    at: option.At = None,
    variables: option.Variables = None,
    referenced: option.With = None,
    on_error: due.WhenFailing = OnError.STOP,
    on_null: due.WhenNull = OnNull.EMIT,
    faults: Faults = None,
    library: Library = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="CONDITION",
            help="Exit with code 3 if this is true, such as 'lateness_p99 > 250ms' or "
            "'rate < 0.99'.",
        ),
    ] = None,
    abort: Annotated[
        bool, typer.Option("--abort", help="End the run as soon as a --fail-if is true.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Run again whenever the template is saved.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Deliver a template's events, as fast as the destination takes them or at a fixed pace.

    Exit code 0 means that all requested events are acknowledged and committed.
    """
    with without_garbage_collection():
        from eventer.cli.run_session import RunOptions, run_once, run_watching
        from eventer.core.model import Stream
        from eventer.service.run_schedule import ScheduleOptions
        from eventer.service.standalone_run import RunRequest

    # A command may write wherever its user may: without a connection, FOLDER is the root, and URL
    # the address.
    root, url = (folder, endpoint) if connection is None else (None, None)
    settings = settings_of(context, library=library, file__root=root, http__url=url)
    part = written_part(value, omit)
    formats = RecordFormats(record_format, key_format, schema_file, key_schema_file)
    files = FolderOptions(folder if root is None else ".", file_format, partition_by)
    http = EndpointOptions(endpoint if url is None else "", body_format)
    target = _target(
        target_of(
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
        ),
        part,
        stdout=stdout,
    )
    number = parse_seed(seed)
    schedule_options = _check_schedule(
        ScheduleOptions(
            rate=rate,
            count=count,
            interval=interval,
            stages=stages,
            profile=profile,
            timezone=timezone,
            arrivals=arrivals,
            start=start,
            end=end,
            duration=duration,
            max_events=max_events,
            at=parse_at(at),
            fast=fast,
        )
    )
    spec = timeline_spec(timeline, only)
    thresholds = _thresholds(fail_if or (), schedule_options)
    if abort and not thresholds:
        raise typer.BadParameter("--abort needs --fail-if")
    request = RunRequest(
        Stream(number, stream),
        dataset,
        target,
        schedule_options,
        on_error,
        on_null,
        parse_faults(faults),
        spec,
    )
    options = RunOptions(
        settings,
        template,
        parse_variables(variables or ()),
        request,
        thresholds,
        abort,
        tuple(referenced or ()),
    )
    if watch and str(template) == "-":
        raise typer.BadParameter("--watch needs a file, not standard input")
    if seed is None:
        print_message(seed_message(number))
    return run_watching(options, as_json=as_json) if watch else run_once(options, as_json=as_json)


def _check_schedule(schedule_options: ScheduleOptions) -> ScheduleOptions:
    """Reports invalid schedule options as errors of the command line."""
    from eventer.service.run_schedule import schedule

    try:
        schedule(schedule_options, now=time.time_ns())
    except RequestError as error:
        raise typer.BadParameter(error.message) from error
    return schedule_options


def _thresholds(
    conditions: Sequence[str], schedule_options: ScheduleOptions
) -> tuple[Threshold, ...]:
    """The thresholds of `--fail-if`."""
    from eventer.service.run_pace import run_pace
    from eventer.service.thresholds import parse_threshold

    try:
        thresholds = tuple(map(parse_threshold, conditions))
    except RequestError as error:
        raise typer.BadParameter(error.message, param_hint="'--fail-if'") from error
    paced = run_pace(schedule_options, time.time_ns()) is not None
    for threshold in thresholds:
        if threshold.needs_pace and not paced:
            message = f"{threshold.metric} needs a pace, such as --rate"
            raise typer.BadParameter(message, param_hint="'--fail-if'")
    return thresholds


def _target(target: Target | None, part: WrittenPart, *, stdout: bool) -> Target:
    if stdout == (target is not None):
        raise typer.BadParameter(
            "choose one destination: --stdout, --kafka TOPIC, --postgres TABLE, --file FOLDER, "
            "--http URL, --to KIND:NAME"
        )
    console = ConsoleTarget(value=part.value, omit=part.omit)
    return target or checked_target(console, "--stdout")

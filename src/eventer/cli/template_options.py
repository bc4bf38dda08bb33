"""Options that describe events: the template, its variables, seed and time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from eventer.cli.option_values import choice, unicode_text
from eventer.cli.options import count_option, input_name, read_text
from eventer.core.errors import RequestError
from eventer.core.model import FileFormat, RecordFormat

if TYPE_CHECKING:
    from eventer.core.model import WrittenPart
    from eventer.core.timelines import TimelineSpec
    from eventer.service.requests import PreviewRequest, ReferenceRequest

TemplateFile = Annotated[
    Path,
    typer.Argument(
        metavar="TEMPLATE", help="A Jsonnet file; - reads standard input.", allow_dash=True
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "-V",
        "--var",
        metavar="NAME=TEXT",
        help="Variable (std.extVar) or argument of the template; NAME:=JSON if it is not text.",
    ),
]
Count = Annotated[int, count_option("Number of events.", 1_000_000)]
Seed = Annotated[
    str | None,
    typer.Option(
        "--seed",
        metavar="NUMBER",
        help="Unsigned 64-bit integer; if omitted, one is chosen and printed.",
    ),
]
StreamName = Annotated[
    str | None,
    typer.Option(
        "--stream",
        metavar="NAME",
        parser=unicode_text,
        help="Name of the random stream; each stream draws other values.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset", metavar="NAME", parser=unicode_text, help="Text that get_dataset returns."
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="INSTANT",
        help="Scheduled time of the events, such as 2026-01-01T00:00:00Z.",
    ),
]
TimelineHorizon = Annotated[
    str | None,
    typer.Option(
        "--timeline",
        metavar="HORIZON",
        help="The template gives timelines; no step is later than this after the start, "
        "such as 30m.",
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="NAME",
        parser=unicode_text,
        help="Use only the steps of timelines that have this `to`.",
    ),
]
Topic = Annotated[
    str | None, typer.Option("--kafka", metavar="TOPIC", help="Topic that events go to.")
]
Table = Annotated[
    str | None, typer.Option("--postgres", metavar="TABLE", help="Table that events go to.")
]
Folder = Annotated[
    str | None,
    typer.Option(
        "--file",
        metavar="FOLDER",
        parser=unicode_text,
        help="Folder of the files that events go to.",
    ),
]
FileFormatName = Annotated[
    str | None,
    typer.Option(
        "--file-format",
        metavar="ndjson|csv|parquet",
        parser=choice(*get_args(FileFormat)),
        help="Format of the files. Default: ndjson.",
    ),
]
PartitionBy = Annotated[
    list[str] | None,
    typer.Option(
        "--partition-by",
        metavar="FIELD",
        parser=unicode_text,
        help="Partition folders of files: a field, or a form such as dt={date}. May be repeated.",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--http",
        metavar="URL",
        parser=unicode_text,
        help="Post to this URL; with a connection, to this path below its URL.",
    ),
]
BodyFormatName = Annotated[
    str | None,
    typer.Option(
        "--http-format",
        metavar="ndjson|json",
        parser=choice("ndjson", "json"),
        help="Format of request bodies: ndjson (default), or json for an array.",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="KIND:NAME",
        parser=unicode_text,
        help="Destination of any kind, such as mysql:orders.",
    ),
]
ToOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to-option",
        metavar="NAME=VALUE",
        parser=unicode_text,
        help="Option of the destination of --to, as in requests. May be repeated.",
    ),
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="NAME=FILE[:COUNT]",
        help="Event that get_event_of may refer to: a Jsonnet file, and its number of events. "
        "May be repeated.",
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="FIELD[,FIELD]",
        help="Field that is the key of a record; fields that identify the rows to update.",
    ),
]
Value = Annotated[
    str | None,
    typer.Option(
        "--value",
        metavar="FIELD",
        parser=unicode_text,
        help="Field or JSON pointer of the part of each event that is written.",
    ),
]
Omit = Annotated[
    list[str] | None,
    typer.Option(
        "--omit",
        metavar="FIELD",
        parser=unicode_text,
        help="Field or JSON pointer that is not written; may be repeated.",
    ),
]
Op = Annotated[
    str | None,
    typer.Option(
        "--op",
        metavar="FIELD",
        parser=unicode_text,
        help="Field or JSON pointer of the operation: upsert (default) or delete.",
    ),
]
Format = Annotated[
    RecordFormat,
    typer.Option(
        "--format",
        metavar="json|avro|protobuf|json-schema",
        parser=choice(*get_args(RecordFormat)),
        help="Format of the records' values; all but json need a schema registry.",
    ),
]
KeyFormat = Annotated[
    RecordFormat,
    typer.Option(
        "--key-format",
        metavar="json|avro|protobuf|json-schema",
        parser=choice(*get_args(RecordFormat)),
        help="Format of the records' keys.",
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema-file",
        metavar="FILE",
        help="Avro schema or JSON Schema of the records' values, in place of the derived one.",
    ),
]
KeySchemaFile = Annotated[
    Path | None,
    typer.Option("--key-schema-file", metavar="FILE", help="Schema of the records' keys."),
]
Connection = Annotated[
    str | None,
    typer.Option(
        "--connection",
        metavar="NAME",
        help="Name of a configured connection other than the default one.",
    ),
]


def read_template(file: Path) -> tuple[str, str]:
    """A template's text, and its name for errors.

    Raises:
        typer.BadParameter: the file cannot be read or is not UTF-8.
    """
    return read_text(file), input_name(file)


def template_request(
    file: Path,
    variables: Iterable[str] | None,
    at: str | None,
    referenced: Iterable[str] | None,
    **fields: Any,
) -> PreviewRequest:
    """A request about the template in a file; `fields` are further fields of it.

    `referenced` are the values of `--with`.

    Raises:
        typer.BadParameter: the file cannot be read, or an option is invalid.
    """
    from eventer.service.requests import PreviewRequest

    text, name = read_template(file)
    given = parse_variables(variables or ())
    references = read_references(referenced or (), given, fields.get("dataset"))
    return PreviewRequest(
        template=text,
        id=own_name(file, references),
        name=name,
        vars=given,
        at=parse_at(at),
        references=references,
        **fields,
    )


def own_name(file: Path, references: Iterable[ReferenceRequest]) -> str:
    """The name by which the template of a file refers to itself: that of the file, if it is free.

    It has none if it is read from standard input.
    """
    name = "" if str(file) == "-" else file.stem
    return "" if any(each.id == name for each in references) else name


def read_references(
    given: Iterable[str], variables: str, dataset: str | None
) -> tuple[ReferenceRequest, ...]:
    """The events of `--with`, which have the variables and the dataset of the template.

    Raises:
        typer.BadParameter: a value is wrong, or its file cannot be read.
    """
    from eventer.service.requests import ReferenceRequest

    found: dict[str, ReferenceRequest] = {}
    for each in given:
        name, file, count = parse_reference(each)
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint="'--with'")
        text, source = read_template(file)
        found[name] = ReferenceRequest(
            template=text, id=name, name=source, vars=variables, dataset=dataset, count=count
        )
    return tuple(found.values())


def parse_reference(text: str) -> tuple[str, Path, int | None]:
    """The name, the file and the number of events of a value of `--with`.

    Raises:
        typer.BadParameter: the value is wrong.
    """
    from eventer.core.limits import MAX_POPULATION

    name, _, rest = text.partition("=")
    file, separator, count = rest.rpartition(":")
    if not (separator and count.isdecimal()):
        file, count = rest, ""
    if not name or not file:
        raise typer.BadParameter(
            f"{text}: write it as name=file or name=file:count", param_hint="'--with'"
        )
    if (count and not 1 <= int(count) <= MAX_POPULATION) or _ends_in_wrong_count(file):
        raise typer.BadParameter(f"{text}: the count must be from 1 to 1e12", param_hint="'--with'")
    return name, Path(file), int(count) if count else None


def _ends_in_wrong_count(file: str) -> bool:
    """Whether there is no such file, but one whose name ends before the last colon."""
    before, separator, _ = file.rpartition(":")
    return bool(separator) and not Path(file).exists() and Path(before).is_file()


def parse_variables(pairs: Iterable[str]) -> str:
    """The variables as canonical JSON text of an object.

    Raises:
        typer.BadParameter: one is neither `name=text` nor `name:=json`.
    """
    from eventer.core.json_text import json_text

    return json_text(dict(map(_variable, pairs)))


def _variable(pair: str) -> tuple[str, Any]:
    from eventer.api.decode import MalformedJsonError, decode

    name, separator, text = pair.partition("=")
    if not separator or not name.removesuffix(":"):
        raise typer.BadParameter(f"{pair}: write it as name=text or name:=json", param_hint="'-V'")
    value = os.fsencode(text)
    try:
        if name.endswith(":"):
            return name[:-1], decode(value, f"the value of {name[:-1]}")
        return name, value.decode()
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{name} is not UTF-8", param_hint="'-V'") from None
    except MalformedJsonError as error:
        message = ": ".join([error.message, *(fault.message for fault in error.faults)])
        raise typer.BadParameter(message, param_hint="'-V'") from None
    except RequestError as error:
        raise typer.BadParameter(error.message, param_hint="'-V'") from None


def parse_seed(text: str | None) -> int:
    """The seed of `--seed`, or a random one.

    Raises:
        typer.BadParameter: it is not an unsigned 64-bit integer.
    """
    from eventer.api.wire.field_types import parse_unsigned

    seed = secrets.randbits(64) if text is None else parse_unsigned(text)
    if seed is None:
        message = f"{text}: must be an unsigned 64-bit integer"
        raise typer.BadParameter(message, param_hint="'--seed'")
    return seed


def seed_message(seed: int) -> str:
    """Tells the user which seed was chosen."""
    return f"seed {seed}: --seed {seed} gives the same events again"


def parse_at(text: str | None) -> int | None:
    """The instant of `--at` in ns since 1970; None without the option.

    Raises:
        typer.BadParameter: the text is not an instant.
    """
    from eventer.core.instant import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except RequestError as error:
        raise typer.BadParameter(error.message, param_hint="'--at'") from error


def timeline_spec(horizon: str | None, only: str | None) -> TimelineSpec | None:
    """The timelines of `--timeline` and `--only`; None without the options.

    Raises:
        typer.BadParameter: the horizon is invalid, or missing.
    """
    from eventer.core.timelines import TimelineSpec, parse_horizon

    if horizon is None:
        if only is not None:
            raise typer.BadParameter("--only needs --timeline")
        return None
    try:
        return TimelineSpec(parse_horizon(horizon), only)
    except RequestError as error:
        raise typer.BadParameter(error.message, param_hint="'--timeline'") from error


def written_part(value: str | None, omit: Iterable[str] | None) -> WrittenPart:
    """The part of `--value` and `--omit`."""
    from eventer.core.model import WrittenPart

    return WrittenPart(value, tuple(omit or ()))

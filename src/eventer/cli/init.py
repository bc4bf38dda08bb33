"""`eventer init`: writes a template from a table, a sample, a schema or a topic."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eventer.cli import template_options as option
from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import input_name, read_input, settings_of
from eventer.cli.terminal import print_data, print_message
from eventer.core.errors import RequestError

if TYPE_CHECKING:
    from eventer.service.template_sources import WrittenTemplate, WrittenTemplates

_ENDING = ".jsonnet"
_REQUEST = "request.yaml"
_DEFAULT_EVENTS = 1000
_SOURCES = "--postgres TABLE, --sample FILE, --schema FILE or --kafka TOPIC"


@exit_with_code
def init(
    context: typer.Context,
    *,
    tables: Annotated[
        list[str] | None,
        typer.Option("--postgres", metavar="TABLE", help="Read this table; may be repeated."),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            "--sample",
            metavar="FILE",
            help="Read records in NDJSON, JSON or CSV; - reads NDJSON from standard input.",
            allow_dash=True,
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="Read an Avro schema (.avsc), a Protobuf file (.proto) or a JSON Schema.",
        ),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option(
            "--message",
            metavar="NAME",
            help="Message of the Protobuf file; by default the last one that no other contains.",
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(
            "--kafka",
            metavar="TOPIC",
            help="Read the newest records of this topic, whose values are JSON.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write the template to this .jsonnet file; or to this folder, with the templates "
            "of all tables that it refers to, and a request that delivers them.",
        ),
    ] = None,
    keep_values: Annotated[
        bool,
        typer.Option(
            "--keep-values", help="Write values that are frequent in the data into the template."
        ),
    ] = False,
    connection: option.Connection = None,
) -> None:
    """Write a template from a table, a sample, a schema or a topic.

    Types, keys, references, ranges and frequencies are those of the data; usual names choose the
    functions. Comments say what was guessed. Without --keep-values, no value of a record is
    written. Existing files are not overwritten.
    """
    given = [source for source in (tables, sample, schema, topic) if source]
    if len(given) != 1:
        raise typer.BadParameter(f"give one source: {_SOURCES}")
    if message is not None and schema is None:
        raise typer.BadParameter("--message needs --schema FILE")
    if schema is not None:
        written = _of_schema(schema, message)
    elif sample is not None:
        written = _of_sample(sample, keep_values=keep_values)
    elif topic is not None:
        written = _of_topic(context, topic, connection, keep_values=keep_values)
    else:
        written = _of_tables(context, tables or [], connection, output, keep_values=keep_values)
    if output is None:
        _print(written, tables)
    elif output.suffix == _ENDING:
        _write_files({output: written.templates[-1].text})
        _print_next(written, output.parent, {written.templates[-1].name: output})
    else:
        _write_folder(written, output)


def _of_schema(file: Path, message: str | None) -> WrittenTemplates:
    from eventer.service.template_sources import template_of_schema

    text = read_input(file).decode(errors="replace")
    return template_of_schema(text, file.stem, str(file), message=message)


def _of_sample(file: Path, *, keep_values: bool) -> WrittenTemplates:
    from eventer.service.template_sources import template_of_sample

    text = read_input(file).decode(errors="replace")
    name = "events" if str(file) == "-" else file.stem
    return template_of_sample(text, name, input_name(file), keep_values=keep_values)


def _of_topic(
    context: typer.Context, topic: str, connection: str | None, *, keep_values: bool
) -> WrittenTemplates:
    from eventer.service.template_sources import template_of_topic

    settings = settings_of(context)
    return asyncio.run(
        template_of_topic(settings, connection or "kafka", topic, keep_values=keep_values)
    )


def _of_tables(
    context: typer.Context,
    tables: list[str],
    connection: str | None,
    output: Path | None,
    *,
    keep_values: bool,
) -> WrittenTemplates:
    """The templates of tables; with those that they refer to, if the output is a folder."""
    from eventer.service.template_sources import templates_of_tables

    into_folder = output is not None and output.suffix != _ENDING
    if len(tables) > 1 and not into_folder:
        raise typer.BadParameter("several tables need -o FOLDER")
    settings = settings_of(context)
    return asyncio.run(
        templates_of_tables(
            settings,
            connection or "postgres",
            tables,
            with_referenced=into_folder,
            keep_values=keep_values,
        )
    )


def _print(written: WrittenTemplates, tables: list[str] | None) -> None:
    """Prints a template, and what to do with it."""
    (template,) = written.templates
    print_data(template.text.removesuffix("\n"))
    if template.references:
        names = ", ".join(template.references)
        print_message(
            f"{template.name} refers to {names}: with -o FOLDER, eventer init --postgres "
            f"{(tables or [template.name])[0]} writes their templates, too"
        )
    else:
        print_message(f"next: save it with -o {template.name}{_ENDING}")


def _write_folder(written: WrittenTemplates, folder: Path) -> None:
    paths = {each.name: folder / f"{each.name}{_ENDING}" for each in written.templates}
    files = {paths[each.name]: each.text for each in written.templates}
    if written.request is not None:
        files[folder / _REQUEST] = written.request
    _write_files(files)
    _print_next(written, folder, paths)
    if written.request is not None:
        print_message(f"next: {shlex.join(['eventer', 'add', str(folder / _REQUEST)])}")


def _write_files(files: dict[Path, str]) -> None:
    """Writes new files, all or none.

    Raises:
        RequestError: one exists, or cannot be written.
    """
    for path in files:
        if path.exists():
            raise RequestError(f"{path} exists already: give another path with -o")
    made: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                made.append(path)
                file.write(text)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise RequestError(f"cannot write {error.filename}: {error.strerror}") from error
    for path in made:
        print_message(f"wrote {path}")


def _print_next(written: WrittenTemplates, folder: Path, paths: dict[str, Path]) -> None:
    """Prints the command that shows events of the last template."""
    template = written.templates[-1]
    needed = [_with(each, folder) for each in written.needed_by(template.name)]
    if not needed:
        needed = [f"{each}={each}{_ENDING}:{_DEFAULT_EVENTS}" for each in template.references]
    command = ["eventer", "preview", str(paths[template.name])]
    for each in needed:
        command += ["--with", each]
    print_message(f"next: {shlex.join(command)}")


def _with(template: WrittenTemplate, folder: Path) -> str:
    path = folder / f"{template.name}{_ENDING}"
    return f"{template.name}={path}:{template.rows or _DEFAULT_EVENTS}"

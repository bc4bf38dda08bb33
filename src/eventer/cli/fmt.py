"""`eventer fmt`: formats templates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eventer.cli.exit_codes import FAILED, INVALID, OK, exit_with_code
from eventer.cli.options import AsJson
from eventer.cli.template_options import read_template
from eventer.cli.terminal import print_data, print_json, print_message


@exit_with_code
def fmt(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Jsonnet files, which are overwritten; - formats standard input to standard "
            "output.",
            allow_dash=True,
        ),
    ],
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; list the files that would change, with exit code 1."
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Format Jsonnet files: indentation, quotes, trailing commas.

    Formatting keeps comments, and changes neither events nor the ids of generators. If a file is
    not valid Jsonnet, no file is written.
    """
    texts = {file: read_template(file) for file in dict.fromkeys(files)}
    results = {file: _formatted(*texts[file]) for file in texts}
    formatted = {file: text for file, text in results.items() if text is not None}
    if len(formatted) < len(results):
        return INVALID
    changed = [file for file, text in formatted.items() if text != texts[file][0]]
    for file in files if not check else ():
        if str(file) == "-":
            sys.stdout.write(formatted[file])
        elif file in changed:
            _write(file, formatted[file])
    if as_json and "-" not in map(str, files):
        print_json({"changed": [str(file) for file in changed]})
    elif check:
        for file in changed:
            print_data(str(file))
    return FAILED if check and changed else OK


def _formatted(text: str, name: str) -> str | None:
    """The formatted text; None after printing what is wrong with it."""
    from eventer.core.error_text import format_error
    from eventer.core.errors import TemplateError
    from eventer.service.format_template import format_template

    try:
        return format_template(text, name)
    except TemplateError as error:
        print_message(format_error(error))
        return None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {file}: {error.strerror}") from error
    print_message(f"formatted {file}")

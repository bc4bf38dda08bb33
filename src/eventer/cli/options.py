"""Options that several commands share, and the settings of a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eventer.cli.option_values import folder, integer
from eventer.cli.terminal import print_message
from eventer.core.limits import MAX_INDEX

if TYPE_CHECKING:
    from eventer.client.json_client import ServiceClient
    from eventer.settings import LoadedSettings, Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Url = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="URL of the service (EVENTER_URL).")
]
Library = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="DIR",
        help="Folder that templates import from (EVENTER_LIBRARY).",
        parser=folder,
    ),
]
First = Annotated[
    int,
    typer.Option(
        "--first", metavar="INDEX", parser=integer(0, MAX_INDEX), help="Index of the first event."
    ),
]


def count_option(text: str, most: int = MAX_INDEX) -> Any:
    """The option `--count`, a number of events."""
    return typer.Option("--count", "-n", metavar="NUMBER", parser=integer(1, most), help=text)


def loaded_settings(context: typer.Context, **flags: object) -> LoadedSettings:
    """Loads the settings. `flags` are by setting name, `__` for a dot; None is not given.

    Raises:
        ConfigError: a setting is unknown or invalid.
    """
    from eventer.settings import load_settings

    named = {name.replace("__", "."): value for name, value in flags.items()}
    config: Path | None = context.find_root().obj
    loaded = load_settings(named, config=config)
    for warning in loaded.warnings:
        print_message(f"warning: {warning}")
    return loaded


def settings_of(context: typer.Context, **flags: object) -> Settings:
    """The settings alone."""
    return loaded_settings(context, **flags).settings


def service_client(context: typer.Context, url: str | None) -> ServiceClient:
    """A client for the service at `--url`, or else at the configured URL.

    Raises:
        ConfigError: a setting is unknown or invalid.
    """
    from eventer.client.json_client import ServiceClient
    from eventer.client.transport import Address

    settings = settings_of(context, url=url)
    # A command asks once: it leaves no connection open for another time.
    return ServiceClient(Address(settings.service_url, settings.client_token))


def input_name(file: Path) -> str:
    """What messages call a file that is read."""
    return "standard input" if str(file) == "-" else str(file)


def read_input(file: Path) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        typer.BadParameter: the file cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {file}: {error.strerror}") from error


def read_text(file: Path) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        typer.BadParameter: the file cannot be read, or is not UTF-8.
    """
    try:
        return read_input(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{input_name(file)} is not UTF-8 (byte {error.start})"
        raise typer.BadParameter(message) from error


def read_request_file(file: Path) -> Any:
    """The JSON value of a request in a file or on standard input; see `api.request_file`.

    Raises:
        typer.BadParameter: the file cannot be read.
        RequestError: its request is not valid.
    """
    from eventer.api.request_file import read_request

    folder = Path() if str(file) == "-" else file.parent
    return read_request(read_input(file), input_name(file), folder, os.environ)

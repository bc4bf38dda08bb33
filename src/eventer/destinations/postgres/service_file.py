"""Reads the connection service file of libpq, for DSNs with `service=NAME`."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from eventer.core.errors import ConfigError

_USER_FILE: Final = ".pg_service.conf"
_SYSTEM_FILE: Final = "pg_service.conf"


def service_parameters(name: str) -> Mapping[str, str]:
    """The parameters of a service, from the first file that libpq would read and that has it.

    Raises:
        ConfigError: no file has it, or a file cannot be read. The message contains no value.
    """
    files = list(_service_files())
    for file in files:
        sections = _sections(file)
        if sections.has_section(name):
            return dict(sections.items(name))
    looked_in = ", ".join(map(str, files)) or "no file"
    raise ConfigError(
        "the DSN names a service that is not defined",
        hint=f"define [{name}] in ~/{_USER_FILE}, or set PGSERVICEFILE (looked in: {looked_in})",
    )


def _service_files() -> Iterator[Path]:
    """The files that exist: that of the user, then that of the system."""
    user = os.environ.get("PGSERVICEFILE") or Path.home() / _USER_FILE
    folder = os.environ.get("PGSYSCONFDIR")
    for file in (Path(user), *([] if folder is None else [Path(folder) / _SYSTEM_FILE])):
        if file.is_file():
            yield file


def _sections(file: Path) -> configparser.ConfigParser:
    """The file's sections; names and values as written."""
    parser = configparser.ConfigParser(
        delimiters=("=",), comment_prefixes=("#",), interpolation=None, strict=False,
        default_section="\0",
    )  # fmt: skip
    try:
        parser.read_string(file.read_text("utf-8"))
    except (OSError, ValueError, configparser.Error):
        raise ConfigError(
            f"the connection service file {file} is not readable",
            hint="it must have sections [NAME] with lines such as host=db.example.org",
        ) from None
    return parser

"""Parsers of option values. Typer's own ones report errors in the words of another library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import typer

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")
_Text = TypeVar("_Text", bound=str)


def integer(least: int, most: int) -> Callable[[object], int]:
    """A parser for integers from `least` to `most`. It raises `typer.BadParameter`."""

    def parse(value: object) -> int:
        text = str(value)
        number = int(text) if _INTEGER.fullmatch(text) else None
        if number is None or not least <= number <= most:
            raise typer.BadParameter(f"must be an integer from {least:,} to {most:,}")
        return number

    return parse


def choice(*values: _Text) -> Callable[[object], _Text]:
    """A parser for some texts. It raises `typer.BadParameter`."""

    def parse(text: object) -> _Text:
        for value in values:
            if value == text:
                return value
        raise typer.BadParameter(f"must be {' or '.join(values)}")

    return parse


def duration(text: object) -> int:
    """The nanoseconds of a duration, at least one.

    Raises:
        typer.BadParameter: it is not a duration, or not greater than zero.
    """
    from eventer.core.duration import DurationError, parse_positive_duration

    try:
        return parse_positive_duration(str(text))
    except DurationError as error:
        raise typer.BadParameter(error.message) from None


def folder(text: object) -> Path:
    """The path of an existing folder.

    Raises:
        typer.BadParameter: it is not a folder.
    """
    path = Path(str(text))
    if not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder")
    return path


def unicode_text(text: object) -> str:
    """A text of Unicode characters.

    Raises:
        typer.BadParameter: its bytes are not UTF-8.
    """
    try:
        return os.fsencode(str(text)).decode()
    except UnicodeDecodeError:
        raise typer.BadParameter("must be UTF-8") from None

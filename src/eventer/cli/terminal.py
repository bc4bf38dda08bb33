"""Prints data on standard output and messages on standard error."""

from __future__ import annotations

import json
import os
import re
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

_RED, _BLUE, _BOLD, _DIM, _END = "\x1b[31m", "\x1b[34m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOR_RULES = (
    (re.compile(r"^(error:)", re.MULTILINE), f"{_BOLD}{_RED}\\1{_END}"),
    (re.compile(r"^(warning:)", re.MULTILINE), f"{_BOLD}\\1{_END}"),
    (re.compile(r"^( *--> )", re.MULTILINE), f"{_BLUE}\\1{_END}"),
    (re.compile(r"^( *(?:\d+ )?\| )", re.MULTILINE), f"{_BLUE}\\1{_END}"),
    (re.compile(r"(?<=\| \x1b\[0m)(\s*)(\^+)"), f"\\1{_RED}\\2{_END}"),
)


def print_data(text: str, *, flush: bool = False) -> None:
    """Prints a line on standard output."""
    sys.stdout.write(text + "\n")
    if flush:
        sys.stdout.flush()


def print_json(value: object) -> None:
    """Prints a JSON value as one line on standard output."""
    print_data(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def print_message(text: str) -> None:
    """Prints lines on standard error, coloured on a terminal."""
    sys.stderr.write((colorize(text) if supports_color(sys.stderr) else text) + "\n")
    sys.stderr.flush()


def supports_color(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal with colours and `NO_COLOR` is not set."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def is_foreground() -> bool:
    """Whether standard input is a terminal, and this process may read it."""
    return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()


@contextmanager
def without_echo() -> Iterator[None]:
    """Shows no typed keys during the block, and discards those that are not read."""
    if not is_foreground():
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = [*before]
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def colorize(text: str) -> str:
    """Colours the text of `core.error_text`: labels, places, carets."""
    for pattern, replacement in _COLOR_RULES:
        text = pattern.sub(replacement, text)
    return text


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of left-aligned columns; None is a dash."""
    cells = [[*header], *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    return f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())

"""Writes `docs/reference/cli.md` from the commands; with `--check` only compares them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer.main

from eventer.cli import endings
from eventer.cli.main import app

PAGE: Final = Path(__file__).resolve().parent.parent / "docs/reference/cli.md"
COMMANDS: Final = (
    "dev",
    "serve",
    "run",
    "preview",
    "validate",
    "explain",
    "add",
    "list",
    "status",
    "pause",
    "resume",
    "remove",
    "functions",
    "config show",
)
TABLE: Final = "\n| Option | What it is |\n|---|---|\n"

INTRODUCTION: Final = """# Command line

<!-- Made by tools/cli_page.py from the commands themselves: change those, not this page. -->

Data goes to standard output, everything else to standard error. With `--json` data is JSON: an
object on one line. Progress is shown on terminals only; `NO_COLOR` is honoured. Errors of a
template show the line with a caret below it.

Options win over environment variables, those over `eventer.toml`: see [Settings](settings.md).

## Exit codes

"""


def main() -> int:
    """Writes the page, or checks it."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE} is out of date: run python tools/cli_page.py", file=sys.stderr)
    return 1


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(_codes()) + "".join(map(_section, COMMANDS))


def _codes() -> Iterator[str]:
    """The exit codes, from the text of the module that ends commands."""
    assert endings.__doc__ is not None
    yield "| Code | When |\n|---|---|\n"
    for code, when in re.findall(r"^ *(\d+)  +(\S.*)$", endings.__doc__, re.MULTILINE):
        yield f"| {code} | {when} |\n"


def _section(name: str) -> str:
    command: Any = typer.main.get_command(app)
    for part in name.split():
        command = command.commands[part]
    params = [param for param in command.params if "--help" not in param.opts]
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    usage = " ".join([f"eventer {name}", *(param.metavar for param in arguments)])
    told = inspect.cleandoc(command.help)
    rows = "".join(map(_row, [*arguments, *options]))
    return f"\n## `eventer {name}`\n\n`{usage}`\n\n{told}\n{TABLE}{rows}"


def _row(param: Any) -> str:
    """An argument or option. Flags have no metavar."""
    names = param.opts if param.param_type_name == "option" else [param.metavar]
    takes = param.metavar if param.param_type_name == "option" else None
    shown = ", ".join(f"`{name} {takes}`" if takes else f"`{name}`" for name in names)
    default = "" if param.default in (None, False, ()) or param.required else _default(param)
    return f"| {shown.replace('|', chr(92) + '|')} | {param.help}{default} |\n"


def _default(param: Any) -> str:
    value = getattr(param.default, "value", param.default)
    return f" Default: `{value}`."


if __name__ == "__main__":
    sys.exit(main())

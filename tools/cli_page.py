"""Writes `docs/reference/cli.md` from the commands; with `--check` only compares them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any, Final

import typer.main
from reference_page import write_or_check

from eventer.cli import exit_codes
from eventer.cli.main import app

TABLE: Final = "\n| Option | What it is |\n|---|---|\n"

INTRODUCTION: Final = """# Command line

<!-- Made by tools/cli_page.py from the commands themselves: change those, not this page. -->

Data goes to standard output, everything else to standard error. With `--json` data is JSON: an
object on one line. Progress is shown on terminals only; `NO_COLOR` is honoured. Errors of a
template show the line with a caret below it.

Options win over environment variables, those over `eventer.toml`: see [Settings](settings.md).

## Exit codes

"""


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(_codes()) + "".join(_sections(typer.main.get_command(app)))


def _codes() -> Iterator[str]:
    """The exit codes, from the text of the module that ends commands."""
    assert exit_codes.__doc__ is not None
    yield "| Code | When |\n|---|---|\n"
    for code, when in re.findall(r"^ *(\d+)  +(\S.*)$", exit_codes.__doc__, re.MULTILINE):
        yield f"| {code} | {when} |\n"


def _sections(group: Any, above: str = "eventer") -> Iterator[str]:
    """Every command of a group and of the groups in it, in their order."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _sections(command, f"{above} {name}")
        else:
            yield _section(f"{above} {name}", command)


def _section(name: str, command: Any) -> str:
    params = [param for param in command.params if "--help" not in param.opts]
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    usage = " ".join([name, *(param.metavar for param in arguments)])
    told = inspect.cleandoc(command.help)
    rows = "".join(map(_row, [*arguments, *options]))
    return f"\n## `{name}`\n\n`{usage}`\n\n{told}\n{TABLE}{rows}"


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
    sys.exit(write_or_check("cli", page()))

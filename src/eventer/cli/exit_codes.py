"""How commands end: errors as text with a caret, and one exit code a kind of failure.

0    all that was asked for is done
1    it failed
2    the command line is wrong (Typer says so itself)
69   a destination or the service cannot be reached
78   a template, a request or the configuration is wrong
130  interrupted by Ctrl-C, after what was under way was finished
141  whoever read standard output has gone
143  likewise by SIGTERM; of `serve` and `dev` both signals are the usual end: 0
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Final, ParamSpec

import typer

from eventer.cli.terminal import print_message
from eventer.core.error_text import format_error
from eventer.core.errors import (
    ConfigError,
    DestinationUnavailableError,
    EventerError,
    RequestError,
    TemplateError,
    UnknownOutcomeError,
)

OK: Final = 0
FAILED: Final = 1
UNREACHABLE: Final = 69
INVALID: Final = 78
INTERRUPTED: Final = 128 + signal.SIGINT
STDOUT_CLOSED: Final = 128 + signal.SIGPIPE

_P = ParamSpec("_P")

# The first class that an error is an instance of says its code; of all others it is FAILED.
_CODES: Final[tuple[tuple[type[EventerError], int], ...]] = (
    (TemplateError, INVALID),
    (RequestError, INVALID),
    (ConfigError, INVALID),
    (DestinationUnavailableError, UNREACHABLE),
    (UnknownOutcomeError, UNREACHABLE),
)


class ServiceUnreachableError(EventerError):
    """The service that a command talks to does not answer."""

    transient = True


def exit_code(error: EventerError) -> int:
    """The code that a command ends with because of this error."""
    if isinstance(error, ServiceUnreachableError):
        return UNREACHABLE
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def exit_with_code(command: Callable[_P, int | None]) -> Callable[_P, None]:
    """Turns what a command returns or raises into its exit code, told on standard error."""

    @functools.wraps(command)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> None:
        raise typer.Exit(_run(functools.partial(command, *args, **kwargs)))

    return wrapper


def _run(command: Callable[[], int | None]) -> int:
    try:
        code = command() or OK
        sys.stdout.flush()
    except EventerError as error:
        print_message(format_error(error))
        return exit_code(error)
    except BrokenPipeError:
        discard_stdout()
        return STDOUT_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def discard_stdout() -> None:
    """Keeps the interpreter from failing once more when it flushes a pipe that nobody reads."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)

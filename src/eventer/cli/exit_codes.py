"""How commands end: the error as text on standard error, and an exit code.

0    success: the command did everything
1    failure
2    the command line is invalid (reported by Typer)
3    a run has delivered everything, but passed a threshold of `--fail-if`
69   a destination or the service cannot be reached
75   a service on a shared registry must start again: another one leads
78   a template, a request or the configuration is invalid
130  interrupted by Ctrl-C, after committing in-flight events
141  the reader of standard output closed it
143  terminated by SIGTERM, as 130; `serve` and `dev` end with 0 on both signals
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
    RestartRequiredError,
    ServiceUnreachableError,
    TemplateError,
    UnknownOutcomeError,
)

OK: Final = 0
FAILED: Final = 1
THRESHOLD: Final = 3
UNREACHABLE: Final = 69
RESTART: Final = 75
INVALID: Final = 78
INTERRUPTED: Final = 128 + signal.SIGINT
STDOUT_CLOSED: Final = 128 + signal.SIGPIPE

_P = ParamSpec("_P")

# The first class that matches an error gives its code; other errors give FAILED.
_CODES: Final[tuple[tuple[type[EventerError], int], ...]] = (
    (TemplateError, INVALID),
    (RequestError, INVALID),
    (ConfigError, INVALID),
    (DestinationUnavailableError, UNREACHABLE),
    (UnknownOutcomeError, UNREACHABLE),
    (ServiceUnreachableError, UNREACHABLE),
    (RestartRequiredError, RESTART),
)


def exit_code(error: EventerError) -> int:
    """The exit code for an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def exit_with_code(command: Callable[_P, int | None]) -> Callable[_P, None]:
    """Turns what a command returns or raises into an exit code; prints errors on standard error."""

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
    """Redirects standard output to /dev/null: Python flushes it at exit, which would fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)

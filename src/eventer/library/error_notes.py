"""Places, faults and hints of errors as notes, which tracebacks show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventer.core.error_text import format_error
from eventer.core.errors import EventerError


@contextmanager
def noting_errors() -> Iterator[None]:
    """Adds to an error of the block what the command line would print below its message."""
    try:
        yield
    except EventerError as error:
        details = format_error(error).partition("\n")[2]
        if details and not hasattr(error, "__notes__"):
            error.add_note(details)
        raise

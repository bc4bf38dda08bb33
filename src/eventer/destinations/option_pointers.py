"""Checks the options of targets that name a field of events or a JSON pointer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eventer.core.errors import Fault, RequestError
from eventer.core.pointer import parse_pointer


def pointer_faults(options: Mapping[str, str | None]) -> Iterator[Fault]:
    """The faults of JSON pointers, by the path of their option within the target: `key`."""
    for name, value in options.items():
        try:
            parse_pointer(value or "")
        except RequestError as error:
            yield Fault(f"/{name}", error.message)

"""A schema that a user gives is not valid."""

from __future__ import annotations

from collections.abc import Sequence

from eventer.core.pointer import format_pointer


class SchemaTextError(ValueError):
    """The text of a schema is not valid; `path` are the reference tokens of the place in it."""

    def __init__(self, path: Sequence[str | int], reason: str) -> None:
        self.path = tuple(path)
        self.reason = reason
        where = f" at {format_pointer(self.path)}" if self.path else ""
        super().__init__(f"the given schema is not valid{where}: {reason}")

"""A table, and its options in requests."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from eventer.core.model import ServiceTarget
from eventer.destinations.target_options import TargetOptions


@dataclass(frozen=True, slots=True)
class SqliteTarget(ServiceTarget):
    """A table with the JSON text of an event in each row."""

    table: str
    connection: str
    value: str | None = None
    omit: tuple[str, ...] = ()

    kind = "sqlite"

    @property
    def location(self) -> str:
        return self.table


class SqliteOptions(TargetOptions):
    """A table of an SQLite file."""

    table: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The table; created if missing.")
    connection: str = Field(description="A connection's name.")

    def target(self) -> SqliteTarget:
        return SqliteTarget(self.table, self.connection)

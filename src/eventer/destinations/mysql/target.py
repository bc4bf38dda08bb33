"""The target of a generator that delivers to MariaDB or MySQL."""

from __future__ import annotations

from dataclasses import dataclass

from eventer.core.model import ServiceTarget


@dataclass(frozen=True, slots=True)
class MysqlTarget(ServiceTarget):
    """A table (`table` or `database.table`), and its upsert key.

    The columns are fields of `part`; `op` names a field of the event or a JSON pointer.
    """

    table: str
    connection: str = "mysql"
    key: tuple[str, ...] | None = None
    value: str | None = None
    omit: tuple[str, ...] = ()
    op: str | None = None

    kind = "mysql"
    has_columns = True

    @property
    def location(self) -> str:
        """The table."""
        return self.table

"""Names of databases, tables and columns, in requests and in SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import DestinationRejectedError

MAX_CHARACTERS: Final = 64
OWN_TABLES: Final = frozenset({"eventer_positions", "eventer_shards"})
_PART: Final = re.compile(r"`(?:[^`]|``)*`|[^`.][^.]*")
_HINT: Final = "write table, database.table, or `a.b` for a name with a dot"


@dataclass(frozen=True, slots=True)
class TableName:
    """A table and its database, if given, exactly as the server stores them."""

    database: str | None
    name: str

    def __str__(self) -> str:
        """The name as SQL."""
        return ".".join(quote(part) for part in (self.database, self.name) if part is not None)


def quote(name: str) -> str:
    """An identifier as SQL. Statements contain no name that is not quoted here."""
    return "`" + name.replace("`", "``") + "`"


def parse_table(text: str) -> TableName:
    """Parses a table's name in a request.

    Raises:
        DestinationRejectedError: it is not a name, or the server would reject it.
    """
    parts, at = list[str](), 0
    while match := _PART.match(text, at):
        parts.append(_unquoted(match.group()))
        at = match.end()
        if not text.startswith(".", at):
            break
        at += 1
    if at != len(text) or text.endswith(".") or not 1 <= len(parts) <= 2:
        raise DestinationRejectedError(f"{text!r} does not name a table", hint=_HINT)
    for part in parts:
        check_identifier(part, "table name" if part is parts[-1] else "database name")
    if parts[-1] in OWN_TABLES:
        raise DestinationRejectedError(
            f"the table {parts[-1]} is reserved for positions; choose another table"
        )
    return TableName(None if len(parts) == 1 else parts[0], parts[-1])


def check_identifier(name: str, what: str) -> None:
    """Checks that the server stores the name unchanged.

    Raises:
        DestinationRejectedError: it is empty or too long, ends in a space, or has NUL, an unpaired
            surrogate or a character outside of the Basic Multilingual Plane.
    """
    if not name:
        raise DestinationRejectedError(f"a {what} is empty")
    if len(name) > MAX_CHARACTERS:
        raise DestinationRejectedError(
            f"the {what} {name!r} has {len(name)} characters; the server allows {MAX_CHARACTERS}"
        )
    if name.endswith(" "):
        raise DestinationRejectedError(f"the {what} {name!r} ends in a space")
    if any(each == "\x00" or "\ud800" <= each <= "\udfff" or each > "\uffff" for each in name):
        raise DestinationRejectedError(
            f"the {what} {name!r} contains a character that the server does not allow there"
        )


def _unquoted(part: str) -> str:
    return part[1:-1].replace("``", "`") if part.startswith("`") else part

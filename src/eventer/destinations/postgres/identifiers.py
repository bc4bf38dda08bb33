"""Names of schemas, tables and columns, in requests and in SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import DestinationRejectedError

MAX_BYTES: Final = 63
_PART = re.compile(r'"(?:[^"]|"")*"|[^".][^.]*')
OWN_SCHEMA: Final = "eventer"
_HINT: Final = 'write table, schema.table, or "a.b" for a name with a dot'


@dataclass(frozen=True, slots=True)
class TableName:
    """A table and its schema, if given, exactly as the catalog stores them."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        """The name as SQL."""
        return ".".join(quote(part) for part in (self.schema, self.name) if part is not None)


def quote(name: str) -> str:
    """An identifier as SQL. Statements contain no name that is not quoted here."""
    return '"' + name.replace('"', '""') + '"'


def dollar_quote(text: str) -> str:
    """A text as an SQL literal in which nothing is escaped."""
    tag = "$eventer$"
    while tag in text:
        tag = f"{tag[:-1]}_$"
    return f"{tag}{text}{tag}"


def parse_table(text: str) -> TableName:
    """Parses a table's name in a request. Case is significant.

    Raises:
        DestinationRejectedError: it is not a name, or PostgreSQL would truncate or reject it.
    """
    parts, at = [], 0
    while match := _PART.match(text, at):
        parts.append(_unquoted(match.group()))
        at = match.end()
        if not text.startswith(".", at):
            break
        at += 1
    if at != len(text) or text.endswith(".") or not 1 <= len(parts) <= 2:
        raise DestinationRejectedError(f"{text!r} does not name a table", hint=_HINT)
    for part in parts:
        check_identifier(part, "table name" if part is parts[-1] else "schema name")
    if parts[0] == OWN_SCHEMA and len(parts) > 1:
        raise DestinationRejectedError(
            f"the schema {OWN_SCHEMA} is reserved for positions; choose another schema"
        )
    return TableName(None if len(parts) == 1 else parts[0], parts[-1])


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def check_identifier(name: str, what: str) -> None:
    """Checks that PostgreSQL stores the name unchanged.

    Raises:
        DestinationRejectedError: it is empty or too long, or has NUL or an unpaired surrogate.
    """
    if not name:
        raise DestinationRejectedError(f"a {what} is empty")
    if "\x00" in name:
        raise DestinationRejectedError(f"the {what} {name!r} contains a NUL character")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise DestinationRejectedError(
            f"the {what} {name!r} contains an unpaired surrogate"
        ) from error
    if size > MAX_BYTES:
        raise DestinationRejectedError(
            f"the {what} {name!r} has {size} bytes; PostgreSQL allows {MAX_BYTES}"
        )

"""Names of schemas, tables and columns: how a request writes them, how SQL gets them."""

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
    """A table, and its schema where one is named; both exactly as they are stored."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        """As SQL."""
        return ".".join(quote(part) for part in (self.schema, self.name) if part is not None)


def quote(name: str) -> str:
    """An identifier as SQL; every name that gets into a statement goes through here."""
    return '"' + name.replace('"', '""') + '"'


def parse_table(text: str) -> TableName:
    """A table's name as requests write it; nothing is folded to lower case.

    Raises:
        DestinationRejectedError: it is no name, or one that PostgreSQL would cut or refuse.
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
            f"the schema {OWN_SCHEMA} is reserved for positions; choose another one"
        )
    return TableName(None if len(parts) == 1 else parts[0], parts[-1])


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def check_identifier(name: str, what: str) -> None:
    """Lets pass what PostgreSQL stores as it is.

    Raises:
        DestinationRejectedError: it is empty, too long, has NUL, or is no Unicode text.
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

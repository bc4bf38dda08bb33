"""One session with the registry's database: it is opened when needed, and again after a failure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import asyncpg

from eventer.core.errors import EventerError, RegistryError

Connect: TypeAlias = Callable[[], Awaitable[asyncpg.Connection]]
"""Opens a session, or raises an `EventerError` without a secret."""

SCHEMA: Final = "eventer_registry"
_CLIENT_ERRORS: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_PARAMETER: Final = re.compile(r"(?<!:):([a-z]\w*)")
_ESCAPED: Final = {"\x1a": "\x1a1", "\0": "\x1a0"}
_UNESCAPED: Final = {text: char for char, text in _ESCAPED.items()}
_TO_ESCAPE: Final = re.compile("[\x00\x1a]")
_TO_UNESCAPE: Final = re.compile("\x1a[01]")


class RegistryUnreachableError(RegistryError):
    """The registry's database does not answer, or refuses a session or a statement for now.

    `is_unknown` if it did not answer to a COMMIT, so that it is not known what was stored.
    """

    transient = True
    is_unknown = False


class PostgresSession:
    """Runs statements in transactions, one transaction at a time."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._client: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction, committed after the block.

        Raises:
            RegistryUnreachableError: the session failed.
        """
        is_committing = False
        async with self._lock:
            try:
                client = await self._open()
                transaction = client.transaction()
                await transaction.start()
                try:
                    yield Transaction(client)
                except BaseException:
                    await transaction.rollback()
                    raise
                is_committing = True
                await transaction.commit()
            except asyncpg.UniqueViolationError:
                raise
            except _CLIENT_ERRORS as error:
                self._discard()
                failure = RegistryUnreachableError(
                    f"cannot read or write the registry in PostgreSQL: {type(error).__name__}",
                    hint="check that the database of EVENTER_REGISTRY is running",
                )
                failure.is_unknown = is_committing
                raise failure from error
            except asyncio.CancelledError:
                self._discard()
                raise

    async def _open(self) -> asyncpg.Connection:
        if self._client is None or self._client.is_closed():
            try:
                client = await self._connect()
            except EventerError as error:
                raise RegistryUnreachableError(
                    f"cannot open the registry: {error.message}", hint=error.hint
                ) from error
            await client.execute(f"SET search_path = {SCHEMA}")
            self._client = client
        return self._client

    def _discard(self) -> None:
        if self._client is not None:
            self._client.terminate()
        self._client = None

    async def close(self) -> None:
        """Ends the session after the present transaction."""
        async with self._lock:
            self._discard()


class Transaction:
    """The statements of one transaction."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client

    async def run_script(self, script: str) -> None:
        """Runs several statements without parameters."""
        await self._client.execute(script)

    async def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> Sequence[TextRow]:
        """The rows of a statement whose parameters have the form `:name`."""
        names = list(dict.fromkeys(_PARAMETER.findall(sql)))
        numbered = _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", sql)
        arguments = [_escaped((values or {})[name]) for name in names]
        return [TextRow(row) for row in await self._client.fetch(numbered, *arguments)]


class TextRow:
    """A row whose texts may have any character."""

    __slots__ = ("_row",)

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def __getitem__(self, name: str, /) -> Any:
        value = self._row[name]
        if isinstance(value, str) and "\x1a" in value:
            return _TO_UNESCAPE.sub(lambda match: _UNESCAPED[match[0]], value)
        return value


def _escaped(value: Any) -> Any:
    """A value without the character that PostgreSQL cannot store, U+0000."""
    if isinstance(value, str):
        return _TO_ESCAPE.sub(lambda match: _ESCAPED[match[0]], value)
    return value

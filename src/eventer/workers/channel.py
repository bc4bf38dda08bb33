"""Messages over a socket between two processes of ours: a length, then a pickle."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import Any, Final

MAX_MESSAGE: Final = 256 << 20
_LENGTH: Final = struct.Struct(">I")


class Channel:
    """One end of a socket pair. Whoever holds the other end runs our own code: it is trusted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        """A channel over a connected socket, which it owns from now on."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: object) -> None:
        """Sends a message, in order. What is sent to an end that has gone is lost."""
        payload = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        if not self._writer.is_closing():
            self._writer.writelines((_LENGTH.pack(len(payload)), payload))

    async def flush(self) -> None:
        """Waits until the other end has taken most of what was sent."""
        await self._writer.drain()

    async def receive(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other end has gone.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_MESSAGE:
                raise EOFError("a message is too long: the channel is out of step")
            payload = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError("the other end has gone") from error
        return pickle.loads(payload)  # noqa: S301  our own process, over an inherited socket

    def close(self) -> None:
        """Closes this end; the other one sees the end."""
        self._writer.close()

"""Messages over a socket between two Eventer processes: a length, then a pickle."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import Any, Final

MAX_MESSAGE: Final = 256 << 20
_LENGTH: Final = struct.Struct(">I")


class Channel:
    """One end of a socket pair. The other end is trusted: it is held by an Eventer process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Channel:
        """A channel over a connected socket, which the channel owns."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: object) -> None:
        """Sends a message, in order. A message to a closed end is lost."""
        payload = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        if not self._writer.is_closing():
            self._writer.writelines((_LENGTH.pack(len(payload)), payload))

    async def flush(self) -> None:
        """Waits until the other end has taken most of the sent bytes."""
        await self._writer.drain()

    async def receive(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other end is closed.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_MESSAGE:
                raise EOFError("a message is too long: the channel is corrupt")
            payload = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError("the other end is closed") from error
        return pickle.loads(payload)  # noqa: S301  an Eventer process, over an inherited socket

    def close(self) -> None:
        """Closes this end; `receive` of the other end raises."""
        self._writer.close()

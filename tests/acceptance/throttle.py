"""A TCP proxy that limits the transfer rate, to simulate a slow destination."""

import asyncio
import contextlib
import threading
from typing import Self

from tests.ports import free_port
from tests.waiting import DEADLINE_S

_CHUNK = 2_048
"""Bytes forwarded at a time; small, so that the proxy buffers little."""
_BUFFER = 16_384


class Throttle:
    """Listens on `port` and forwards to `target`, both on loopback.

    `rate` is bytes per second for all connections and both directions together; None: unlimited.
    """

    def __init__(self, target: int | None = None) -> None:
        self.port = free_port()
        self.target = target
        self.rate: float | None = None
        self._free_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_BUFFER)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(DEADLINE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target = await asyncio.open_connection("127.0.0.1", self.target, limit=_BUFFER)
        except OSError:
            writer.close()
            return
        directions = [self._forward(reader, target[1]), self._forward(target[0], writer)]
        with contextlib.suppress(asyncio.CancelledError):  # asyncio would log it
            await asyncio.gather(*directions, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=_BUFFER)
        try:
            while data := await reader.read(_CHUNK):
                await self._wait_for(len(data))
                writer.write(data)
                await writer.drain()
        finally:
            with contextlib.suppress(Exception):
                writer.close()

    async def _wait_for(self, size: int) -> None:
        if self.rate is None:
            return
        now = self._loop.time()
        self._free_at = max(now, self._free_at) + size / self.rate
        await asyncio.sleep(self._free_at - now)

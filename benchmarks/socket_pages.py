"""Pages of the studio that are open on other machines: their HTML and their web socket, no browser.

A browser that draws ten pages takes more than the service does; beside it on one machine, the times
of the API measure the browser.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import socketio

_CLIENT_ID = re.compile(r"'client_id': '([^']+)'")


@dataclass(slots=True)
class SocketPage:
    """An open page, and how many messages it got."""

    client_id: str
    socket: socketio.AsyncClient
    messages: int = 0
    next_message: int = 0

    async def take(self, _event: str, data: object) -> None:
        """Counts a message, and confirms every hundredth, as a page does."""
        self.messages += 1
        if isinstance(data, dict) and "_id" in data:
            self.next_message = data["_id"] + 1
        if self.messages % 100 == 0:
            confirmed = {"client_id": self.client_id, "next_message_id": self.next_message}
            await self.socket.emit("ack", confirmed)


@asynccontextmanager
async def open_socket_pages(url: str, paths: Sequence[str]) -> AsyncIterator[list[SocketPage]]:
    """Opens the pages at these paths, one after the other; they close after the block."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        pages = []
        for path in paths:
            page = await _open(http, url, path)
            stack.push_async_callback(page.socket.disconnect)
            pages.append(page)
        yield pages


async def _open(http: aiohttp.ClientSession, url: str, path: str) -> SocketPage:
    async with http.get(url + path) as answer:
        found = _CLIENT_ID.search(await answer.text())
    if found is None:
        raise SystemExit(f"{path} is not a page of the studio")
    socket = socketio.AsyncClient(websocket_extra_options={"compress": 15})
    page = SocketPage(found[1], socket)
    socket.on("*", page.take)
    tab, document = str(uuid.uuid4()), str(uuid.uuid4())
    query = (
        f"client_id={page.client_id}&next_message_id=0&implicit_handshake=true"
        f"&tab_id={tab}&document_id={document}"
    )
    await socket.connect(
        f"{url}?{query}",
        transports=["websocket"],
        socketio_path="/_nicegui_ws/socket.io",
        wait_timeout=30,
    )
    return page

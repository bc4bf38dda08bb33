"""The studio beside the API: it answers its own paths and passes all others on.

NiceGUI takes a second and 70 MB to load. The first request for a page loads it, in a thread, so
that a service that nobody looks at does not pay for it.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Final

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eventer.core.distribution import install_command
from eventer.service.eventer import Eventer
from eventer.web.page_paths import PAGES

_PREFIXES: Final = ("/generators/", "/_nicegui", "/studio/")
_PAGES: Final = frozenset(path for path, _ in PAGES)
# NiceGUI needs inline scripts and styles, and compiles the templates of its pages (unsafe-eval).
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def is_installed() -> bool:
    """Whether the extra `studio` is installed."""
    return find_spec("nicegui") is not None


class Studio:
    """An ASGI application: the pages of one service, and `api` for all other paths.

    `token` says whether the API needs a token. A process can have one studio.
    """

    def __init__(self, api: ASGIApp, eventer: Eventer, *, token: bool) -> None:
        self._api = api
        self._eventer = eventer
        self._token = token
        self._pages: asyncio.Task[ASGIApp] | None = None
        self._running = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for a page; passes any other request on."""
        if scope["type"] not in ("http", "websocket") or not _is_studio(scope):
            await self._api(scope, receive, send)
        elif is_installed():
            pages = await self.load()
            await pages(scope, receive, _with_headers(send))
        else:
            page = (files("eventer.web") / "static" / "missing.html").read_text("utf-8")
            page = page.replace("$INSTALL", install_command("studio"))
            await HTMLResponse(page)(scope, receive, _with_headers(send))

    async def load(self) -> ASGIApp:
        """Loads the pages, once."""
        self.load_soon()
        assert self._pages is not None
        return await asyncio.shield(self._pages)

    def load_soon(self) -> None:
        """Begins to load the pages, so that the first one opens fast."""
        if self._pages is None and is_installed():
            self._pages = asyncio.create_task(self._start())

    async def _start(self) -> ASGIApp:
        pages = await asyncio.to_thread(import_module, "eventer.web.pages")
        app: ASGIApp = await self._running.enter_async_context(
            pages.running_pages(self._eventer, token=self._token)
        )
        gc.freeze()  # later collections need not look at what is loaded now: they hold up requests
        return app

    async def stop(self) -> None:
        """Ends the pages: their connections close."""
        if self._pages is not None:
            await asyncio.wait({self._pages})
        await self._running.aclose()


def _is_studio(scope: Scope) -> bool:
    path, method = scope["path"], scope.get("method", "GET")
    return method in ("GET", "HEAD") and (path in _PAGES or path.startswith(_PREFIXES))


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    """Adds the headers of all pages to an answer."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return sent

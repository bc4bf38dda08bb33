"""Registers the pages with NiceGUI. Importing this module loads NiceGUI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.requests import Request

from eventer import __version__
from eventer.service.eventer import Eventer
from eventer.web.connections_page import build_connections_page
from eventer.web.generator_page import build_generator_page
from eventer.web.generators_page import build_generators_page
from eventer.web.history import Sampler
from eventer.web.layout import FAVICON, Visit
from eventer.web.playground_page import build_playground_page
from eventer.web.reference_page import build_reference_page
from eventer.web.rows import Rows

_PAGE_SECONDS: Final = 30.0
"""A page that is not built by then is an error: a busy machine takes long."""
_STATIC: Final = Path(__file__).parent / "static"
_STATIC_URL: Final = f"/studio/static-{__version__}"
_HEAD: Final = f"""
<script src="{_STATIC_URL}/theme.js"></script>
<link rel="stylesheet" href="{_STATIC_URL}/studio.css">
<script src="{_STATIC_URL}/tail.js"></script>
<script src="{_STATIC_URL}/charts.js"></script>
<script src="{_STATIC_URL}/reference.js"></script>
<script type="module" src="{_STATIC_URL}/jsonnet.js"></script>
"""


@asynccontextmanager
async def running_pages(eventer: Eventer, *, token: bool) -> AsyncIterator[FastAPI]:
    """The application of all pages, and its sampler, while they run."""
    rows = Rows()
    sampler = Sampler(eventer, rows.steps)
    host = FastAPI(openapi_url=None)
    _register(eventer, sampler, rows, token=token)
    ui.run_with(
        host,
        title="Eventer",
        favicon=FAVICON,
        dark=None,
        tailwind=False,
        reconnect_timeout=10.0,
        # Compressing a megabyte of scripts would hold up the API; browsers keep them for a year.
        gzip_middleware_factory=None,
        show_welcome_message=False,
        binding_refresh_interval=None,
    )
    await sampler.refresh()
    sampling = asyncio.create_task(sampler.run())
    try:
        async with host.router.lifespan_context(host):
            yield host
    finally:
        sampling.cancel()
        await asyncio.wait({sampling})


def _register(eventer: Eventer, sampler: Sampler, rows: Rows, *, token: bool) -> None:
    nicegui_app.add_static_files(_STATIC_URL, str(_STATIC))
    ui.add_head_html(_HEAD, shared=True)

    def visit(request: Request) -> Visit:
        may_write = bool(getattr(request.state, "may_write", False))
        dark = request.cookies.get("eventer_theme") == "dark"
        url = f"{request.url.scheme}://{request.url.netloc}"
        return Visit(eventer, sampler, rows, may_write, url, token, dark)

    @ui.page("/", response_timeout=_PAGE_SECONDS)
    async def home(request: Request) -> None:
        await build_generators_page(visit(request))

    @ui.page("/generators/{id:path}", response_timeout=_PAGE_SECONDS)
    async def generator(request: Request, id: str) -> None:  # noqa: A002  the path names it
        await build_generator_page(visit(request), id)

    @ui.page("/connections")
    def connections(request: Request) -> None:
        build_connections_page(visit(request))

    @ui.page("/playground", response_timeout=_PAGE_SECONDS)
    async def playground(request: Request, example: str = "") -> None:
        await build_playground_page(visit(request), example)

    @ui.page("/reference", response_timeout=_PAGE_SECONDS)
    async def reference(request: Request) -> None:
        await build_reference_page(visit(request))

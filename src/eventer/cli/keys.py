"""Keys that are typed while a command runs, and the browser that one of them opens."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from eventer.cli.terminal import is_foreground


@contextmanager
def typed_keys(on_key: Callable[[str], object]) -> Iterator[None]:
    """Calls `on_key` in the loop with each typed character, if a terminal is there."""
    if not is_foreground():
        yield
        return
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        try:
            typed = os.read(terminal, 64)
        except OSError:
            typed = b""
        if not typed:
            loop.remove_reader(terminal)
        for key in typed.decode(errors="ignore"):
            on_key(key)

    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)


def has_browser(platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a browser with its own window can open; one in the terminal would garble it."""
    return platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


async def open_browser(url: str) -> bool:
    """Opens a page in the browser; whether it did."""
    return has_browser() and await asyncio.to_thread(webbrowser.open, url)

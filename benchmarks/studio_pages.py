"""What a person waits for in the studio: `python -m benchmarks.studio_pages [--url URL]`.

Start `eventer dev` first, without other load. Chromium on this machine opens each page with an
empty cache, uses the page of generators, and hides it. Targets: a page shows its content within
2 s, an interaction takes at most 100 ms, a hidden page gets no message.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Final, NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.studio import CHROMIUM

_ROUNDS: Final = 5
_HIDDEN_SECONDS: Final = 10.0
_INPUT_TIMES: Final = """for (const kind of ['pointerdown', 'keydown'])
    addEventListener(kind, (event) => { began = event.timeStamp; }, true);"""
_VISIBILITY: Final = """(hidden) => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    const state = hidden ? 'hidden' : 'visible';
    Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


class _Opening(NamedTuple):
    """A page, and the element that shows that it has its content."""

    path: str
    content: str


_OPENINGS: Final = (
    _Opening("/", ".state"),
    _Opening("/playground?example=orders", ".event"),
    _Opening("/connections", ".kv"),
    _Opening("/reference", "h2"),
)


async def opening_seconds(browser: Browser, url: str, opening: _Opening) -> float:
    """The time until a page shows its content in a browser that has nothing of it."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(120_000)
    began = time.perf_counter()
    await page.goto(url + opening.path)
    await page.locator(opening.content).first.wait_for()
    seconds = time.perf_counter() - began
    await context.close()
    return seconds


async def timed_ms(page: Page, action: Callable[[], Awaitable[None]]) -> float:
    """Time from a click or a key, as the browser gets it, until the page shows its effect."""
    await action()
    return float(await page.evaluate("performance.now() - began"))


async def interaction_ms(page: Page, url: str) -> dict[str, float]:
    """The median times of interactions: what happens in the browser, and what asks the service."""
    await page.add_init_script(_INPUT_TIMES)
    await page.goto(url + "/playground?example=orders")
    await page.locator(".event").nth(3).wait_for()

    async def open_tab() -> None:
        await page.get_by_role("tab", name="Columns").click()
        await page.get_by_text("bigint").first.wait_for()

    async def close_tab() -> None:
        await page.get_by_role("tab", name="Events").click()
        await page.locator(".event").first.wait_for()

    async def open_dialog() -> None:
        await page.get_by_role("button", name="Run it").click()
        await page.get_by_role("dialog").wait_for()

    async def close_dialog() -> None:
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="detached")

    times: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        for action in (open_tab, close_tab, open_dialog, close_dialog):
            times.setdefault(action.__name__, []).append(await timed_ms(page, action))
    return {name: median(found) for name, found in times.items()}


async def messages(page: Page, url: str) -> tuple[int, int]:
    """Messages that the page of generators gets in ten seconds: visible, and hidden."""
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    await page.goto(url)
    await page.locator(".state").first.wait_for()
    counts = []
    for hidden in (False, True):
        await page.evaluate(_VISIBILITY, hidden)
        await asyncio.sleep(2)  # what was on its way arrives
        before = sum(size > 10 for size in received)  # others are pings
        await asyncio.sleep(_HIDDEN_SECONDS)
        counts.append(sum(size > 10 for size in received) - before)
    return counts[0], counts[1]


async def main(url: str) -> None:
    """Prints the figures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for opening in _OPENINGS:
            times = [await opening_seconds(browser, url, opening) for _ in range(_ROUNDS)]
            print(f"{opening.path:<30} first {times[0]:.2f} s, median {median(times):.2f} s")
        page = await browser.new_page()
        for name, ms in (await interaction_ms(page, url)).items():
            print(f"{name.replace('_', ' '):<30} median {ms:.0f} ms")
        visible, hidden = await messages(page, url)
        print(f"messages in 10 s: visible {visible}, hidden {hidden}")
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:9099")
    asyncio.run(main(parser.parse_args().url))

"""Makes screenshots of each page of the studio, light and dark, wide and narrow.

Run `eventer dev` first: `python tools/screenshots.py FOLDER [URL]`. It waits for the pages to show
what they load, and reports what a page wrote to the browser's console.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
SIZES: Final = {"wide": (1280, 900), "narrow": (390, 844)}
_BROKEN: Final = (
    "local total = std.native('get_integer')(1, 10);\n\n{\n  id: 1,\n  total: totl,\n}\n"
)


def _generators(page: Page, url: str) -> None:
    page.goto(url)
    page.locator(".state").first.wait_for()
    page.locator(".spark polyline[points*=' ']").first.wait_for(state="attached")


def _generator(page: Page, url: str) -> None:
    with urllib.request.urlopen(f"{url}/generator/status") as answer:  # noqa: S310  the given URL
        known = json.load(answer)["generators"]
    page.goto(f"{url}/generators/{known[-1]['id']}")
    page.locator(".event").nth(3).wait_for()
    page.locator("canvas").first.wait_for()
    page.locator(".nicegui-codemirror").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.cm-gutterElement')[2].offsetHeight > 18")
    page.evaluate("scrollTo(0, 0)")


def _playground(page: Page, url: str) -> None:
    page.goto(f"{url}/playground?example=orders")
    page.locator(".event").nth(3).wait_for()


def _profile(page: Page, url: str) -> None:
    _playground(page, url)
    page.get_by_role("tab", name="Profile").click()
    page.locator(".hist").first.wait_for()


def _mistake(page: Page, url: str) -> None:
    page.goto(f"{url}/playground#template={quote(_BROKEN)}")
    page.locator(".studio-squiggle").wait_for()


def _gallery(page: Page, url: str) -> None:
    page.goto(f"{url}/playground?example=gallery")
    page.locator(".tile").nth(8).wait_for()


def _run(page: Page, url: str) -> None:
    _playground(page, url)
    page.get_by_role("button", name="Run it").click()
    page.get_by_role("button", name="Add generator").wait_for()


def _complete(page: Page, url: str) -> None:
    page.goto(f"{url}/playground")
    page.locator(".event").nth(3).wait_for()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nget_", delay=60)
    page.locator(".cm-completionInfo").wait_for(state="attached")


def _reference(page: Page, url: str) -> None:
    page.goto(f"{url}/reference")
    page.get_by_role("button", name="Evaluate").nth(4).click()
    page.locator(".code-block").first.wait_for()


def _connections(page: Page, url: str) -> None:
    page.goto(f"{url}/connections")
    page.locator(".kv").first.wait_for()


SCENES: Final[dict[str, Callable[[Page, str], None]]] = {
    "generators": _generators,
    "generator": _generator,
    "playground": _playground,
    "profile": _profile,
    "mistake": _mistake,
    "complete": _complete,
    "gallery": _gallery,
    "run": _run,
    "reference": _reference,
    "connections": _connections,
}


def main(folder: Path, url: str, names: list[str]) -> None:
    """Writes `SCENE-SIZE-THEME.png` files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for size in SIZES:
                for name in names or list(SCENES):
                    shoot(browser, url, name, folder / f"{name}-{size}-{theme}.png")
        browser.close()


def shoot(browser: Browser, url: str, name: str, file: Path) -> None:
    """Makes a screenshot of a scene; the file's name ends in its size and its theme."""
    _, size, theme = file.stem.rsplit("-", 2)
    with open_scene(browser, url, name, size, theme) as page:
        page.screenshot(path=file, full_page=size == "narrow" or name in ("generator", "profile"))
    print(file)


@contextmanager
def open_scene(browser: Browser, url: str, name: str, size: str, theme: str) -> Iterator[Page]:
    """A page that shows a scene."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_cookies([{"name": "eventer_theme", "value": theme, "url": url}])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("console", lambda message: print(f"{name}: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: print(f"{name}: {error}"))
    SCENES[name](page, url)
    yield page
    context.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        Path(arguments[0] if arguments else "screenshots"),
        arguments[1] if len(arguments) > 1 else "http://127.0.0.1:9099",
        arguments[2:],
    )

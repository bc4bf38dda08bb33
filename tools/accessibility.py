"""Checks the pages of the studio with axe-core: findings that are serious or critical.

axe-core is not a part of this repository: `npm pack axe-core`, and unpack `axe.min.js`. Run
`eventer dev` first: `python tools/accessibility.py AXE_MIN_JS [URL] [SCENE …]`. The scenes are
those of the screenshots. The exit code is 1 if there is a finding.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright
from screenshots import CHROMIUM, SCENES, SIZES, open_scene

_SERIOUS: Final = ("serious", "critical")


def findings(page: Page, axe: str) -> Iterator[str]:
    """The findings on a page: the rule, and each element."""
    page.evaluate(axe)
    for rule in page.evaluate("async () => (await axe.run()).violations"):
        if rule["impact"] in _SERIOUS:
            for node in rule["nodes"]:
                why = " ".join(node["failureSummary"].split())[:300]
                yield f"{rule['id']}: {node['html'][:160]}: {why}"


def main(axe: Path, url: str, scenes: list[str]) -> int:
    """Prints the findings on these pages, wide and narrow, light and dark; the exit code."""
    found, text = 0, axe.read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scene, size, theme in product(scenes or SCENES, SIZES, ("light", "dark")):
            with open_scene(browser, url, scene, size, theme) as page:
                for line in findings(page, text):
                    found += 1
                    print(f"{scene} {size} {theme}: {line}")
        browser.close()
    print(f"{found} serious findings")
    return 1 if found else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        main(Path(given[0]), given[1] if len(given) > 1 else "http://127.0.0.1:9099", given[2:])
    )

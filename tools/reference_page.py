"""Writes the generated pages of `docs/reference`, or compares them with `--check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).resolve().parent.parent / "docs/reference"


def write_or_check(name: str, text: str, ending: str = "md") -> int:
    """Writes or checks the page `name`; returns the exit code, 1 if it is out of date."""
    page = _FOLDER / f"{name}.{ending}"
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{page} is out of date: run python tools/{name}_page.py", file=sys.stderr)
    return 1

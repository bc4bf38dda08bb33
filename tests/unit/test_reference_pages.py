"""The generated reference pages are up to date."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["api", "cli", "functions", "settings"])
def test_the_page_is_up_to_date(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    expected = runpy.run_path(str(ROOT / "tools" / f"{name}_page.py"))["page"]()
    actual = (ROOT / "docs" / "reference" / f"{name}.md").read_text("utf-8")
    assert expected == actual, f"run python tools/{name}_page.py"

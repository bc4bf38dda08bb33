"""The generated reference pages are up to date."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "file",
    ["api.md", "cli.md", "functions.md", "python.md", "request_schema.json", "settings.md"],
)
def test_the_page_is_up_to_date(file, monkeypatch):
    name = file.partition(".")[0]
    monkeypatch.syspath_prepend(ROOT / "tools")
    expected = runpy.run_path(str(ROOT / "tools" / f"{name}_page.py"))["page"]()
    actual = (ROOT / "docs" / "reference" / file).read_text("utf-8")
    assert expected == actual, f"run python tools/{name}_page.py"

"""The recipes of docs/how-to/python.md, in their order, with a service and a database."""

import pytest

from tests.unit.doc_pages import ROOT, Page

PAGE = Page(ROOT / "docs/how-to/python.md")
TEST = "def test_"

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def test_the_recipes_work(service, tmp_path, monkeypatch):
    for name, text in PAGE.files().items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTER_POSTGRES__DSN", service.dsn)
    monkeypatch.setenv("EVENTER_URL", service.url)
    recipes = [block for block in PAGE.blocks("python") if TEST not in block]
    assert len(recipes) >= 6
    names = {}
    for recipe in recipes:
        exec(compile(recipe, PAGE.name, "exec"), names)

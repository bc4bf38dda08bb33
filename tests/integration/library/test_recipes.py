"""The recipes of docs/how-to/python.md, in their order, with a service and a database."""

import pytest

from eventer.library.stream_delivery import StreamDelivery
from tests.unit.doc_pages import ROOT, Page

PAGE = Page(ROOT / "docs/how-to/python.md")
MARKER = "@pytest.mark.eventer_seed(7)\n"

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def test_the_recipes_work(service, tmp_path, monkeypatch):
    for name, text in PAGE.files().items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTER_POSTGRES__DSN", service.dsn)
    monkeypatch.setenv("EVENTER_URL", service.url)
    recipes = PAGE.blocks("python")
    assert len(recipes) >= 7
    names = {}
    for recipe in recipes:
        lines_before = PAGE.text[: PAGE.text.index(recipe)].count("\n")
        code = recipe.replace(MARKER, "\n")  # this run may be without the plugin
        exec(compile("\n" * lines_before + code, PAGE.path, "exec"), names)
    names["test_total"](StreamDelivery(7, tmp_path, lambda _: {}), service.dsn)

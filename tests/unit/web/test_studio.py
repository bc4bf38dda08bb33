"""Which requests the studio answers, and what it answers without its extra."""

import httpx
import pytest
from starlette.responses import PlainTextResponse

from eventer.web import studio
from tests.unit.api.canned_service import CannedService


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(studio, "is_installed", lambda: False)
    app = studio.Studio(PlainTextResponse("the API"), CannedService(), token=False)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


@pytest.mark.parametrize(
    "path", ["/", "/playground", "/reference", "/connections", "/generators/a/b"]
)
async def test_without_the_extra_a_page_says_how_to_get_it(client, path):
    answer = await client.get(path)
    assert "pip install 'eventer-streams[studio]'" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/functions"),
        ("GET", "/generator/status"),
        ("GET", "/generators"),
        ("GET", "/unknown"),
        ("POST", "/"),
        ("POST", "/playground"),
    ],
)
async def test_all_other_requests_are_the_apis(client, method, path):
    assert (await client.request(method, path)).text == "the API"

import httpx
import pytest

from eventer.api.app import create_app
from eventer.settings.model import Settings
from tests.unit.api.canned_service import CannedService


@pytest.fixture
def service():
    return CannedService()


@pytest.fixture
def client_for(service):
    """Makes clients of an application with these settings, as a caller on this machine."""

    def make(base_url="http://localhost:9099", **settings):
        app = create_app(service, Settings(**settings))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base_url)

    return make


@pytest.fixture
async def client(client_for):
    async with client_for() as client:
        yield client

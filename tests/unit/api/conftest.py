from functools import lru_cache

import httpx
import pytest

from eventer.api.app import create_routes
from eventer.api.guard import Guard
from eventer.settings.model import Settings
from tests.unit.api.canned_service import CannedService


@lru_cache
def routes_with(token: str | None):
    """The routes, which take long to create; only their document depends on the settings."""
    return create_routes(CannedService(), Settings(token=token))


@pytest.fixture
def service():
    return CannedService()


@pytest.fixture
def client_for(service):
    """Makes clients of an application with these settings, as a caller on this machine."""

    def make(base_url="http://localhost:9099", **given):
        settings = Settings(**given)
        routes = routes_with(settings.token)
        routes.state.eventer, routes.state.settings = service, settings
        transport = httpx.ASGITransport(Guard(routes, settings), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base_url)

    return make


@pytest.fixture
async def client(client_for):
    async with client_for() as client:
        yield client


@pytest.fixture(scope="session")
def document():
    """The OpenAPI document of a service without tokens."""
    return routes_with(None).openapi()

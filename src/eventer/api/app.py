"""The HTTP application: the guard, and the routes of a started service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from eventer import __version__
from eventer.api import problems
from eventer.api.guard import Guard
from eventer.api.problems import Problem
from eventer.api.routes import (
    connections,
    generators,
    login,
    service,
    tail,
    template_tools,
    templates,
    verify,
)
from eventer.service.eventer import Eventer
from eventer.settings.model import Settings

_DESCRIPTION = """Streams of random, realistic events from Jsonnet templates, delivered on schedule
to Kafka topics, PostgreSQL tables and files.

Errors are `application/problem+json` (RFC 9457)."""

_TAGS = [
    {"name": "generators", "description": "Add, show, pause, resume and remove generators."},
    {"name": "templates", "description": "Preview, check, profile, complete and format templates."},
    {"name": "connections", "description": "Test the connections of the settings."},
    {"name": "service", "description": "Functions, health, metrics."},
]


def create_app(eventer: Eventer, settings: Settings) -> ASGIApp:
    """The application of a service that the caller starts and stops."""
    return Guard(create_routes(eventer, settings), settings)


def create_routes(eventer: Eventer, settings: Settings) -> FastAPI:
    """The application without its guard. Its documentation works offline."""
    app = FastAPIOffline(
        title="Eventer",
        version=__version__,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        swagger_ui_parameters={"tryItOutEnabled": True},
    )
    app.state.eventer = eventer
    app.state.settings = settings
    app.include_router(login.router)
    for family in (generators, tail, verify, templates, template_tools, connections, service):
        app.include_router(family.router)
    problems.install_error_handlers(app)
    make_document = app.openapi
    app.openapi = lambda: _complete_openapi(make_document(), settings)  # type: ignore[method-assign]
    return app


def _complete_openapi(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Adds the shape of problems and the token, which routes do not declare."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    shape = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas.update(shape.pop("$defs"))
    schemas[Problem.__name__] = shape
    if settings.token is not None:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document

"""The login of browsers: a token becomes a session cookie."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from eventer.api.problems import ProblemType, problem_json, problem_response
from eventer.api.routing import JsonRoute
from eventer.api.session import COOKIE, LIFETIME_SECONDS, right_of_token, session_value
from eventer.settings.model import Settings

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False, route_class=JsonRoute)


@router.get("/login")
async def login_page(request: Request) -> Response:
    """The page that asks for a token; without a token, there is nothing to ask for."""
    settings: Settings = request.app.state.settings
    if settings.token is None:
        return RedirectResponse("/", status_code=303)
    text = (files("eventer.api") / "login.html").read_text("utf-8")
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY})


@router.post("/login")
async def login(request: Request) -> Response:
    """Sets the session cookie if the token in the body is valid."""
    settings: Settings = request.app.state.settings
    body: Any = await request.json()
    given = body.get("token") if isinstance(body, dict) else None
    right = right_of_token(given.strip().encode(), settings) if isinstance(given, str) else None
    if right is None:
        detail = "the token is not valid"
        return problem_response(problem_json(ProblemType.UNAUTHORIZED, detail, None), {})
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        session_value(right, settings, time.time()),
        max_age=LIFETIME_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def logout() -> Response:
    """Removes the session cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer

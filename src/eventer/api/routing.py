"""What all routes share: decoding of bodies, access to the service, documented problems."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from typing import Annotated, Any, get_origin

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from eventer.api.decode import decode
from eventer.api.problems import BY_STATUS, MEDIA_TYPE, JsonBodyError, Problem
from eventer.core.errors import Fault, RequestError
from eventer.service.eventer import Eventer


class JsonResponse(Response):
    """A JSON value, or the JSON text of one, with a final newline."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        if isinstance(content, bytes):
            return content + b"\n"
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode() + b"\n"


class _Request(Request):
    """A request whose body is decoded by `decode`."""

    async def json(self) -> Any:
        try:
            return decode(await self.body())
        except RequestError as error:
            raise JsonBodyError(error) from error


class JsonRoute(APIRoute):
    """A route that reads its body with `decode`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler that the framework calls, with a request that uses `decode`."""
        handler = super().get_route_handler()
        repeatable = frozenset(_list_parameters(self))

        async def handle(request: Request) -> Response:
            _check_repetitions(request, repeatable)
            return await handler(_Request(request.scope, request.receive))

        return handle


def _list_parameters(route: APIRoute) -> Iterator[str]:
    for param in route.dependant.query_params:
        model = param.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = model.model_fields.items()
            yield from (name for name, field in fields if get_origin(field.annotation) is list)


def _check_repetitions(request: Request, repeatable: Collection[str]) -> None:
    """Checks that a query has each parameter once, except the repeatable ones.

    Raises:
        RequestError: one is given twice.
    """
    names = Counter(name for name, _ in request.query_params.multi_items())
    twice = [name for name, count in names.items() if count > 1 and name not in repeatable]
    if twice:
        raise RequestError.of(tuple(Fault(f"?{name}", "is given more than once") for name in twice))


def _service(request: Request) -> Eventer:
    service: Eventer = request.app.state.eventer
    return service


Service = Annotated[Eventer, Depends(_service)]

Responses = dict[int | str, dict[str, Any]]

# Problems that every route may answer with.
_COMMON_STATUSES = (401, 403, 408, 429, 500)
_BODY_STATUSES = (400, 413, 415, 422)


def problems(*statuses: int, body: bool = False) -> Responses:
    """Documents the problems that a route may answer with."""
    documented = {*statuses, *_COMMON_STATUSES, *(_BODY_STATUSES if body else ())}
    return {status: _problem(status) for status in sorted(documented)}


def _problem(status: int) -> dict[str, Any]:
    kinds = BY_STATUS[status]
    example = {
        "type": kinds[0].urn,
        "title": kinds[0].title,
        "status": status,
        "detail": "what is wrong in this case",
    }
    return {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": _PROBLEM_REFERENCE, "example": example}},
    }


_PROBLEM_REFERENCE: Mapping[str, str] = {"$ref": f"#/components/schemas/{Problem.__name__}"}

"""The names that a place in a request allows, for suggestions after a misspelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel


def known_names(route: APIRoute, source: str, path: Sequence[str | int]) -> list[str]:
    """The names that a route allows in its query, or at a place in its body."""
    params = route.dependant.query_params if source == "query" else route.dependant.body_params
    models = [param.field_info.annotation for param in params]
    for token in path:
        models = [inner for model in models for inner in _below(model, token)]
    return [name for model in models for name in _names(model)]


def _below(annotation: Any, token: str | int) -> Iterable[Any]:
    """The types of a field or of a list's elements, for all members of a union."""
    for member in (annotation, *get_args(annotation)):
        if isinstance(token, int):
            yield from get_args(member)
        elif _is_model(member):
            yield from (
                field.annotation
                for name, field in member.model_fields.items()
                if token == (field.alias or name)
            )


def _names(annotation: Any) -> Iterable[str]:
    for member in (annotation, *get_args(annotation)):
        if _is_model(member):
            yield from (field.alias or name for name, field in member.model_fields.items())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)

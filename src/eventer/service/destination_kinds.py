"""What the API and the command line need of the kinds of destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from eventer.core.model import ServiceTarget, WrittenPart
from eventer.destinations.http.target import BodyFormat, HttpTarget
from eventer.destinations.kind import destination_kind, destination_kinds
from eventer.destinations.target_options import TargetOptions


def target_models() -> Mapping[str, type[TargetOptions]]:
    """The model of the options of each kind, by name."""
    return {kind.name: kind.target_options() for kind in destination_kinds()}


def http_target(path: str, connection: str, body_format: str, part: WrittenPart) -> ServiceTarget:
    """The target of an endpoint."""
    return HttpTarget(path, connection, cast("BodyFormat", body_format), part.value, part.omit)


def request_options(target: ServiceTarget) -> dict[str, Any]:
    """The options of a target as in a request, without those that are not set."""
    options = destination_kind(target.kind).request_options(target)
    return {name: value for name, value in options.items() if value}

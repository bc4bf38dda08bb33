"""The target of a generator that posts to HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventer.core.model import ServiceTarget

BodyFormat: TypeAlias = Literal["ndjson", "json"]


@dataclass(frozen=True, slots=True)
class HttpTarget(ServiceTarget):
    """A path below the URL of its connection, and the format of request bodies.

    The empty path is the URL itself. A body of the format `json` is an array.
    """

    path: str = ""
    connection: str = "http"
    format: BodyFormat = "ndjson"
    value: str | None = None
    omit: tuple[str, ...] = ()

    kind = "http"

    @property
    def location(self) -> str:
        """The path."""
        return self.path

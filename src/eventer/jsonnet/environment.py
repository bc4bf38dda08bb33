"""The environment of an evaluation: natives, draw keys, variables, the sink of `std.trace`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.jsonnet.natives import DrawKeys, Natives

TraceSink: TypeAlias = Callable[[str, Span | None], None]
"""Takes a message of `std.trace` and the place of the call."""


def discard_trace(_message: str, _place: Span | None) -> None:
    """Ignores the message."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment of all events of a stream."""

    natives: Natives
    keys: DrawKeys
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    trace: TraceSink = discard_trace

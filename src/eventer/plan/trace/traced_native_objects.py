"""Objects of native functions in a trace: a field becomes a column when it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eventer.functions.spec import FieldType, field_names
from eventer.plan.trace.tracer import Tracer


class TracedNativeObject:
    """`eventer.jsonnet.natives.NativeObject`: its fields are columns of the present domain."""

    def __init__(
        self,
        tracer: Tracer,
        names: Sequence[str],
        hidden_names: Sequence[str],
        draw: Callable[[str], Any],
    ) -> None:
        self._names = names
        self._hidden_names = hidden_names
        self._draw = tracer.bind_to_domain(draw)

    def names(self) -> Sequence[str]:
        """See `NativeObject.names`."""
        return self._names

    def hidden_names(self) -> Sequence[str]:
        """See `NativeObject.hidden_names`."""
        return self._hidden_names

    def get(self, name: str) -> Any:
        """See `NativeObject.get`."""
        return self._draw(name)


def object_of_fields(
    tracer: Tracer, fields: Mapping[str, FieldType], draw: Callable[[str], Any]
) -> TracedNativeObject:
    """The object of a function with these fields."""
    hidden = field_names(fields, hidden=True)
    return TracedNativeObject(tracer, field_names(fields), hidden, draw)

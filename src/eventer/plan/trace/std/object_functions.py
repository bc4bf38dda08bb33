"""Functions of objects whose fields differ between rows."""

from __future__ import annotations

from typing import Any

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import force
from eventer.plan.symbols import Symbolic
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError


@traced_rule("objectHas", "objectHasAll", nested=True)
def object_has(call: TracedCall) -> Any:
    """Whether an object has a visible field, or any field."""
    value, name = call.arguments
    if not isinstance(value, Object) or isinstance(name, Symbolic):
        return call.tracer.scalar(call.arguments, call.plain, _refused, call.place)
    return call.plain(value, name)


@traced_rule("get", nested=True)
def get(call: TracedCall) -> Any:
    """A field, or the default."""
    value, name, default, hidden = call.arguments
    if not isinstance(value, Object) or not isinstance(name, str) or not isinstance(hidden, bool):
        return call.tracer.scalar(call.arguments, call.plain, _refused, call.place)
    present: Any = value.has(name, hidden=hidden)
    return call.tracer.choose(present, lambda: value.get(name), lambda: force(default))


def _refused(_values: Any) -> Any:
    raise PlanUnsupportedError("the object differs between events")

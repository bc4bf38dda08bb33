"""The runtime of a trace."""

from __future__ import annotations

from typing import Any, cast

from eventer.jsonnet.budget import Meter
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.manifest import Manifester
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Value, force
from eventer.plan.symbols import Symbolic
from eventer.plan.trace.plain_values import PlainValues
from eventer.plan.trace.traced_operators import TracedOperators
from eventer.plan.trace.tracer import Tracer


class TracedRuntime(Runtime):
    """A runtime whose operators, natives and manifestation accept symbols."""

    __slots__ = ("traced_operators", "tracer")

    def __init__(
        self, environment: Environment, meter: Meter, tracer: Tracer | None = None
    ) -> None:
        """The tracer is that of the trace, in whose present domain the program is evaluated."""
        super().__init__(environment, meter)
        self.tracer = tracer or Tracer(PlainValues(self), meter.charge_steps)
        self.operators = self.traced_operators = TracedOperators(meter, self.tracer)
        self.manifest = TracedManifest(meter)

    def from_json(self, value: Any) -> Value:
        """See `Runtime.from_json`; traced natives return values of the language."""
        if isinstance(value, Symbolic | Array | Object):
            return cast("Value", value)
        return super().from_json(value)


class TracedManifest(Manifester):
    """Manifests arguments of natives: JSON with symbols."""

    __slots__ = ()

    def python(self, value: Any) -> Any:
        """See `Manifester.python`."""
        if isinstance(value, Symbolic):
            return value
        if isinstance(value, Array):
            return [self.python(force(item)) for item in value.items]
        if isinstance(value, Object):
            value.check_asserts()
            return {name: self.python(value.get(name)) for name in value.names()}
        return super().python(value)

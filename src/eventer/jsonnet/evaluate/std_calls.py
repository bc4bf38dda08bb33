"""Functions of the standard library as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventer.jsonnet.argument_binding import bind_arguments
from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.object_values import MISSING
from eventer.jsonnet.std.declarations import REQUIRED, Call, StdDeclaration
from eventer.jsonnet.values import Function, Operand, Value, force


class StdFunction(Function):
    """A function of `std` as a value."""

    __slots__ = ("runtime", "spec")

    def __init__(self, spec: StdDeclaration, runtime: Runtime) -> None:
        self.spec = spec
        self.runtime = runtime

    @property
    def name(self) -> str:
        """Its name with `std.` before it."""
        return f"std.{self.spec.name}"

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names; the flag is true if the argument may be omitted."""
        return [(param.name, param.default is not REQUIRED) for param in self.spec.params]

    def enter(
        self,
        context: Context,
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """Applies it in the application's own context."""
        return self.call(context, (), positional, named, place)

    def call(
        self,
        context: Context,
        steps: tuple[int, ...],
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """Applies it in the context H(context, *steps)."""
        arguments: list[Any] = []
        for param, given in zip(
            self.spec.params, bind_arguments(self, positional, named), strict=True
        ):
            operand: Any = param.default if given is MISSING else given
            arguments.append(operand if param.lazy else force(operand))
        return self.invoke(context, steps, arguments, place)

    def invoke(
        self, context: Context, steps: tuple[int, ...], arguments: Sequence[Any], place: Any
    ) -> Value:
        """Calls the implementation with complete arguments, the strict ones forced."""
        meter = self.runtime.meter
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        spec = self.spec
        call = Call(self.runtime, spec.name, context, steps, place)
        value = spec.implementation(call, *arguments)
        return finite(value) if isinstance(value, float) else value

"""Calls of the standard library: what a declared function is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.context import Context
from eventer.jsonnet.error_trace import add_trace_frame
from eventer.jsonnet.evaluate.closures import NO_NAMED_ARGUMENTS, bind_arguments
from eventer.jsonnet.evaluate.native_functions import NativeFunction
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.object_values import MISSING, Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.std.declarations import REQUIRED, StdFunction
from eventer.jsonnet.values import Array, Function, Operand, Thunk, Value, force


class StdCall:
    """One call of a function of `std`; see `Call` in `std/registry.py` for what is promised.

    `context` with `steps` after it is the call's own: H(context, *steps) is its key.
    """

    __slots__ = ("_context", "_runtime", "_steps", "name", "place")

    def __init__(
        self, runtime: Runtime, name: str, context: Context, steps: tuple[int, ...], place: Span
    ) -> None:
        self._runtime = runtime
        self.name = name
        self._context = context
        self._steps = steps
        self.place = place

    # -- evaluating -----------------------------------------------------------------------------

    @staticmethod
    def force(operand: Operand) -> Value:
        """The value of an operand."""
        return force(operand)

    def apply(
        self, func: Function, arguments: Sequence[Operand], argument: int, element: int | str
    ) -> Value:
        """The value of `func(*arguments)`, now."""
        return func.enter(
            self._member(argument, element), arguments, NO_NAMED_ARGUMENTS, self.place
        )

    def later(
        self, func: Function, arguments: Sequence[Operand], argument: int, element: int | str
    ) -> Operand:
        """See `Call.later`. Little is done now: there may be a million elements."""
        self._runtime.meter.steps(1)

        def compute(_frame: object) -> Value:
            try:
                return self.apply(func, arguments, argument, element)
            except TemplateError as error:
                add_trace_frame(error, f"std.{self.name}", self.place)
                raise

        return Thunk(compute, [None, self._context])

    def delay(self, compute: Callable[[], Value]) -> Operand:
        """A thunk of any Python computation."""

        def located(_frame: object) -> Value:
            try:
                return compute()
            except TemplateError as error:
                add_trace_frame(error, f"std.{self.name}", self.place)
                raise

        return Thunk(located, [None, self._context])

    def _member(self, argument: int, element: int | str) -> Context:
        step = self._runtime.step_of(element) if isinstance(element, str) else element
        return self._context.element_context((*self._steps, argument, step))

    @staticmethod
    def field(value: Object, name: str) -> Value:
        """The value of a field, visible or hidden."""
        return value.get(name)

    def add(self, left: Value, right: Value) -> Value:
        """`left + right`."""
        return self._runtime.operators.add(left, right, self._context.elements)

    def equals(self, left: Value, right: Value) -> bool:
        """`left == right`."""
        return self._runtime.operators.equals(left, right)

    def compare(self, left: Value, right: Value) -> int:
        """Below, equal to or above 0."""
        return self._runtime.operators.compare(left, right)

    def to_string(self, value: Value) -> str:
        """`std.toString`."""
        return self._runtime.operators.to_string(value)

    def json(self, value: Value) -> JsonValue:
        """The value as Python JSON values."""
        return self._runtime.manifest.python(value)

    def from_json(self, value: JsonValue) -> Value:
        """A value of the language."""
        return self._runtime.from_json(value)

    # -- the budget -----------------------------------------------------------------------------

    def steps(self, count: int) -> None:
        """Charges steps."""
        self._runtime.meter.steps(count)

    def read(self, characters: int) -> None:
        """Charges characters gone through."""
        self._runtime.meter.read(characters)

    def copied(self, characters: int) -> None:
        """Charges characters copied or compared."""
        self._runtime.meter.copied(characters)

    def pieces(self, text: str) -> Iterator[str]:
        """A text in pieces, each charged."""
        return self._runtime.meter.pieces(text)

    def bytes(self, count: float) -> None:
        """Charges bytes."""
        self._runtime.meter.bytes(count)

    def elements(self, count: float) -> None:
        """Charges elements."""
        self._runtime.meter.elements(count)

    def element_bytes(self, count: float) -> None:
        """Charges the bytes of elements."""
        self._runtime.meter.element_bytes(count)

    # -- arguments and errors -------------------------------------------------------------------

    def error(self, message: str, *, hint: str | None = None) -> EvaluationError:
        """An error at the call's place."""
        return EvaluationError(f"std.{self.name}: {message}", self.place, hint=hint)

    def _wrong(self, value: Value, param: str, expected: str) -> EvaluationError:
        return self.error(f"{param} must be {expected}, not {describe(value)}")

    def number(self, value: Value, param: str) -> float:
        """The value, which must be a number."""
        if isinstance(value, float):
            return value
        raise self._wrong(value, param, "a number")

    def whole(self, value: Value, param: str) -> int:
        """The value, which must be a number without a fraction."""
        number = self.number(value, param)
        if number.is_integer():
            return int(number)
        raise self.error(f"{param} must be a whole number, not {number:.17g}")

    def string(self, value: Value, param: str) -> str:
        """The value, which must be a string."""
        if isinstance(value, str):
            return value
        raise self._wrong(value, param, "a string")

    def boolean(self, value: Value, param: str) -> bool:
        """The value, which must be a boolean."""
        if isinstance(value, bool):
            return value
        raise self._wrong(value, param, "a boolean")

    def array(self, value: Value, param: str) -> Array:
        """The value, which must be an array."""
        if isinstance(value, Array):
            return value
        raise self._wrong(value, param, "an array")

    def object(self, value: Value, param: str) -> Object:
        """The value, which must be an object."""
        if isinstance(value, Object):
            return value
        raise self._wrong(value, param, "an object")

    def function(self, value: Value, param: str) -> Function:
        """The value, which must be a function."""
        if isinstance(value, Function):
            return value
        raise self._wrong(value, param, "a function")

    # -- the world ------------------------------------------------------------------------------

    def trace(self, message: str) -> None:
        """Gives a line to whoever collects `std.trace`."""
        self._runtime.environment.trace(message, self.place)

    def ext_var(self, name: str) -> Value:
        """The value of an external variable."""
        return self._runtime.ext_var(name)

    def native(self, name: str) -> Value:
        """The native function of that name, or null."""
        native = self._runtime.environment.natives.find(name)
        return None if native is None else NativeFunction(native, self._runtime)


class Builtin(Function):
    """A function of `std` as a value."""

    __slots__ = ("runtime", "spec")

    def __init__(self, spec: StdFunction, runtime: Runtime) -> None:
        self.spec = spec
        self.runtime = runtime

    @property
    def name(self) -> str:
        """Its name with `std.` before it."""
        return f"std.{self.spec.name}"

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names, each with whether it may be left out."""
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
        """Applies it in the context that `steps` lead to from `context`."""
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
        """Runs the implementation on arguments that are all there and forced where strict."""
        meter = self.runtime.meter
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        spec = self.spec
        call = StdCall(self.runtime, spec.name, context, steps, place)
        value = spec.implementation(call, *arguments)
        return finite(value) if isinstance(value, float) else value

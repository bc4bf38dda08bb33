"""Declarations of the functions of `std`, and the `Call` that their implementations use.

    @function("substr", strict("str"), strict("from"), strict("len"))
    def substr(call: Call, text: Value, start: Value, length: Value) -> Value: ...

    @function("makeArray", strict("sz"), strict("func"))
    def make_array(call: Call, size: Value, func: Value) -> Value:
        count = call.whole(size, "sz")
        call.meter.charge_elements(count)  # charge before allocating
        return Array([call.later(call.function(func, "func"), (float(i),), 1, i) …])

    @function("sort", strict("arr"), optional("keyF", None))
    def sort(call: Call, array: Value, key: Value) -> Value: ...

The decorated function is the implementation: it takes the `Call` and one argument per parameter, in
order, and returns a value, never a thunk. Strict arguments are values, forced from left to right
before the call; lazy ones are operands. An omitted optional argument has its default value; None
stands for `null`.

A family is a module of such functions; `std/__init__.py` lists the families. Once all families are
imported, `FUNCTIONS` holds all declarations by name, and `CONSTANTS` the values such as `std.pi`.
The plan needs the type of a function's result: `plan/std_results.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.jsonnet.context import Context
from eventer.jsonnet.error_trace import add_trace_frame
from eventer.jsonnet.evaluate.closures import NO_NAMED_ARGUMENTS
from eventer.jsonnet.evaluate.native_functions import NativeFunction
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array, Function, Operand, Thunk, Value, force

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.runtime import Runtime


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class StdParam:
    """A parameter; the argument of a lazy one is an operand, of another one a value."""

    name: str
    default: Value | _Required = REQUIRED
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class StdDeclaration:
    """The declaration of a function of `std`."""

    name: str
    params: tuple[StdParam, ...]
    implementation: Callable[..., Value]


FUNCTIONS: Final[dict[str, StdDeclaration]] = {}
CONSTANTS: Final[dict[str, Value]] = {}

_Implementation = TypeVar("_Implementation", bound=Callable[..., Value])


def strict(name: str) -> StdParam:
    """A parameter that is forced before the call."""
    return StdParam(name)


def lazy(name: str) -> StdParam:
    """A parameter whose argument is an operand, perhaps a thunk."""
    return StdParam(name, lazy=True)


def optional(name: str, default: Value, *, lazy: bool = False) -> StdParam:
    """A parameter that may be omitted."""
    return StdParam(name, default, lazy)


def function(name: str, *params: StdParam) -> Callable[[_Implementation], _Implementation]:
    """Declares `std.<name>`; the decorated function implements it."""

    def declare(implementation: _Implementation) -> _Implementation:
        if name in FUNCTIONS:
            raise ValueError(f"std.{name} is declared twice")
        FUNCTIONS[name] = StdDeclaration(name, params, implementation)
        return implementation

    return declare


def constant(name: str, value: Value) -> None:
    """Declares `std.<name>` as a value that is not a function."""
    if name in CONSTANTS or name in FUNCTIONS:
        raise ValueError(f"std.{name} is declared twice")
    CONSTANTS[name] = value


class Call:
    """One call of a function of `std`. Errors without a place get the place of the call.

    Charge work to `meter` in advance: a step per turn of a Python loop whose length depends on the
    template, the characters of texts, and the bytes and elements of results.

    **Draw keys.** The key of the call is A = H(context, *steps). A function that is argument number
    `argument` (from 0, in the order of the declaration) and is applied to element `element` of its
    input has the key H(H(A, argument), element). `element` is the index in the unfiltered input, or
    a name (`mapWithKey`). Always pass both correctly: values must not depend on the order of
    evaluation.
    """

    __slots__ = ("_context", "_runtime", "_steps", "meter", "name", "place")

    def __init__(
        self, runtime: Runtime, name: str, context: Context, steps: tuple[int, ...], place: Span
    ) -> None:
        self._runtime = runtime
        self.meter = runtime.meter
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
        """A thunk of `apply`; charges a step for its creation."""
        self.meter.charge_steps(1)

        def compute(_frame: object) -> Value:
            try:
                return self.apply(func, arguments, argument, element)
            except TemplateError as error:
                add_trace_frame(error, f"std.{self.name}", self.place)
                raise

        return Thunk(compute, [None, self._context])

    def delay(self, compute: Callable[[], Value]) -> Operand:
        """A thunk of a Python computation, which may raise errors of this call."""

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
        """`left + right` of numbers, strings, arrays or objects."""
        return self._runtime.operators.add(left, right, self._context.elements)

    def equals(self, left: Value, right: Value) -> bool:
        """`left == right`; an error for functions."""
        return self._runtime.operators.equals(left, right)

    def compare(self, left: Value, right: Value) -> int:
        """Negative, 0 or positive; an error for other values than numbers, strings and arrays."""
        return self._runtime.operators.compare(left, right)

    def to_string(self, value: Value) -> str:
        """`std.toString`: a string as it is, other values as JSON."""
        return self._runtime.operators.to_string(value)

    def json(self, value: Value) -> JsonValue:
        """The value as Python JSON values; an error for functions.

        Asserts run and thunks are forced. Whole numbers up to 2^53 become int.
        """
        return self._runtime.manifest.python(value)

    def from_json(self, value: JsonValue) -> Value:
        """The value of the language for a Python JSON value; charged."""
        return self._runtime.from_json(value)

    # -- arguments and errors -------------------------------------------------------------------

    def error(self, message: str, *, hint: str | None = None) -> EvaluationError:
        """An error at the place of the call; its message starts with `std.<name>: `."""
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
        """Sends a message of `std.trace` with the place of the call."""
        self._runtime.environment.trace(message, self.place)

    def ext_var(self, name: str) -> Value:
        """The value of an external variable; an error if it is not set."""
        return self._runtime.ext_var(name)

    def native(self, name: str) -> Value:
        """The native function of that name, or null."""
        native = self._runtime.environment.natives.find(name)
        return None if native is None else NativeFunction(native, self._runtime)

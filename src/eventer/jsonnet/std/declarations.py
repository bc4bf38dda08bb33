"""How functions of the standard library are declared, and what they are given to work with.

    @function("substr", strict("str"), strict("from"), strict("len"))
    def substr(call: Call, text: Value, start: Value, length: Value) -> Value: ...

    @function("makeArray", strict("sz"), strict("func"))
    def make_array(call: Call, size: Value, func: Value) -> Value:
        count = call.whole(size, "sz")
        call.elements(count)                  # charge before anything is made
        return Array([call.later(call.function(func, "func"), (float(i),), 1, i) …])

    @function("sort", strict("arr"), optional("keyF", None))
    def sort(call: Call, array: Value, key: Value) -> Value: ...

The decorated function is the implementation: it gets the `Call` and one argument a parameter, in
order, and returns a value (never a thunk: `call.force` it). Strict arguments are values, forced
from left to right before the call; lazy ones are operands. An optional parameter that is left out
is given as its default, a plain value; Python's None stands for `null`, and for "left out" where a
default function (such as identity) is meant.

A family is a module of such functions; `std/__init__.py` lists the families. A declaration is
looked up by name in `FUNCTIONS`, which is complete once all families are imported. What is no
function (such as `std.pi`) is in `CONSTANTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Function, Operand, Value


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class StdParam:
    """A parameter; `lazy` ones are given as operands, the others as values."""

    name: str
    default: Value | _Required = REQUIRED
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class StdFunction:
    """A function of `std`; desugaring may name it too (`Builtin`)."""

    name: str
    params: tuple[StdParam, ...]
    implementation: Callable[..., Value]


FUNCTIONS: Final[dict[str, StdFunction]] = {}
CONSTANTS: Final[dict[str, Value]] = {}

_Implementation = TypeVar("_Implementation", bound=Callable[..., Value])


def strict(name: str) -> StdParam:
    """A parameter that is forced before the call."""
    return StdParam(name)


def lazy(name: str) -> StdParam:
    """A parameter given as an operand, which may be a thunk."""
    return StdParam(name, lazy=True)


def optional(name: str, default: Value, *, lazy: bool = False) -> StdParam:
    """A parameter that may be left out."""
    return StdParam(name, default, lazy)


def function(name: str, *params: StdParam) -> Callable[[_Implementation], _Implementation]:
    """Declares `std.<name>`; the decorated function is what it does."""

    def declare(implementation: _Implementation) -> _Implementation:
        if name in FUNCTIONS:
            raise ValueError(f"std.{name} is declared twice")
        FUNCTIONS[name] = StdFunction(name, params, implementation)
        return implementation

    return declare


def constant(name: str, value: Value) -> None:
    """Declares `std.<name>` as a value that is no function."""
    if name in CONSTANTS or name in FUNCTIONS:
        raise ValueError(f"std.{name} is declared twice")
    CONSTANTS[name] = value


class Call(Protocol):
    """One call of a function of `std`: where it is, what it may take, what it can ask for.

    Errors raised through it, or raised without a place, get the call's place.

    **Draw keys.** A function given as argument number `argument` (from 0, in the order of the
    declaration) and applied to element `element` of its input has the key H(H(A, argument),
    element), where A is the call's own. `element` is the index in the input before any filter, or
    a text where the input goes by name (`mapWithKey`). Always say both truly: values must not
    depend on the order of evaluation.
    """

    @property
    def name(self) -> str:
        """The function's name, as in `std.<name>`."""

    # -- evaluating -----------------------------------------------------------------------------

    def force(self, operand: Operand) -> Value:
        """The value of an operand."""

    def apply(
        self, func: Function, arguments: Sequence[Operand], argument: int, element: int | str
    ) -> Value:
        """The value of `func(*arguments)`, now."""

    def later(
        self, func: Function, arguments: Sequence[Operand], argument: int, element: int | str
    ) -> Operand:
        """The same, computed when it is forced, at most once; charges the step of making it."""

    def delay(self, compute: Callable[[], Value]) -> Operand:
        """A thunk of any Python computation; it may raise through this call."""

    def field(self, value: Object, name: str) -> Value:
        """The value of a field, visible or hidden; asserts run first."""

    def add(self, left: Value, right: Value) -> Value:
        """`left + right` as the language does it: numbers, strings, arrays, objects."""

    def equals(self, left: Value, right: Value) -> bool:
        """`left == right`; an error where functions are compared."""

    def compare(self, left: Value, right: Value) -> int:
        """Below, equal to or above 0: numbers, strings and arrays of them; else an error."""

    def to_string(self, value: Value) -> str:
        """`std.toString`: strings as they are, other values as the language prints them."""

    def json(self, value: Value) -> JsonValue:
        """The value as Python JSON values (asserts run, thunks forced); functions are an error.

        Whole numbers up to 2^53 become int, the others stay float.
        """

    def from_json(self, value: JsonValue) -> Value:
        """A value of the language for Python JSON values; charged."""

    # -- the budget -----------------------------------------------------------------------------

    def steps(self, count: int) -> None:
        """Charges steps: one a turn of a loop in Python whose length the template decides."""

    def read(self, characters: int) -> None:
        """Charges the steps of searching, cutting or changing a text, before it is done."""

    def copied(self, characters: int) -> None:
        """Charges the steps of copying or comparing a text, before it is done."""

    def pieces(self, text: str) -> Iterator[str]:
        """A text in pieces, each charged as read: for what may take long with each character."""

    def bytes(self, count: float) -> None:
        """Charges bytes about to be allocated: before a string is made."""

    def elements(self, count: float) -> None:
        """Charges the elements of an array (or fields of an object) before it is made."""

    def element_bytes(self, count: float) -> None:
        """Charges their bytes alone: the steps are charged one by one while they are made.

        For elements that cost more than a copy, so that the clock is looked at in between.
        """

    # -- arguments and errors -------------------------------------------------------------------

    def error(self, message: str, *, hint: str | None = None) -> EvaluationError:
        """An error at the call's place, to be raised: the message gets `std.<name>: ` before it."""

    def number(self, value: Value, param: str) -> float:
        """The value, which must be a number."""

    def whole(self, value: Value, param: str) -> int:
        """The value, which must be a number without a fraction."""

    def string(self, value: Value, param: str) -> str:
        """The value, which must be a string."""

    def boolean(self, value: Value, param: str) -> bool:
        """The value, which must be a boolean."""

    def array(self, value: Value, param: str) -> Array:
        """The value, which must be an array."""

    def object(self, value: Value, param: str) -> Object:
        """The value, which must be an object."""

    def function(self, value: Value, param: str) -> Function:
        """The value, which must be a function."""

    # -- the world ------------------------------------------------------------------------------

    def trace(self, message: str) -> None:
        """Gives a line to whoever collects `std.trace`, with the call's place."""

    def ext_var(self, name: str) -> Value:
        """The value of an external variable, an error where there is none."""

    def native(self, name: str) -> Value:
        """The native function of that name, or null."""

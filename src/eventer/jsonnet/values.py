"""The values of the language as Python objects.

`null`, booleans, numbers and strings are None, bool, float (never int) and str. Arrays, objects
and functions are the classes here and in `object_values.py`. An array, a field or a variable may
hold a `Thunk` instead of a value: an *operand* is a value or a thunk, and `force` gives its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from eventer.core.errors import EvaluationError

if TYPE_CHECKING:
    from eventer.core.source import Span
    from eventer.jsonnet.context import Context
    from eventer.jsonnet.object_values import Object

Value: TypeAlias = "bool | float | str | Array | Object | Function | None"
Operand: TypeAlias = "Value | Thunk"
Frame: TypeAlias = list[Any]
"""Variables at run time: the outer frame (or None), the `Context`, then one slot per variable."""

Code: TypeAlias = Callable[[Frame], Any]
"""A compiled expression: its value in a frame."""


class Thunk:
    """A delayed value: `code` in `frame`, computed at most once.

    The context is that of the frame, so the value does not depend on when it is forced.
    """

    __slots__ = ("code", "frame", "value")

    value: Value

    def __init__(self, code: Code, frame: Frame) -> None:
        self.code: Code | None = code
        self.frame = frame

    def force(self) -> Value:
        """The value. An expression that raised raises again: a plan continues with other events.

        Raises:
            EvaluationError: the expression raises, or depends on its own value.
            BudgetError: too deep, or out of steps.
        """
        code = self.code
        if code is None:
            return self.value
        frame = self.frame
        meter = frame[1].meter
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        meter.depth -= 1
        if meter.depth < 0:
            raise meter.too_deep()
        self.code = infinite_recursion
        try:
            self.value = value = code(frame)
        except Exception as error:
            self.code = code
            if isinstance(error, EvaluationError) and not error.recursive:
                self.code = partial(raise_again, copy(error))
            meter.depth += 1
            raise
        self.code = None
        del self.frame
        meter.depth += 1
        return value  # type: ignore[no-any-return]  # code is untyped by design


def raise_again(error: EvaluationError, _frame: Frame) -> Value:
    """Replaces the code of a thunk that raised; without the frames of the first time."""
    raise copy(error)


def infinite_recursion(_frame: Frame) -> Value:
    """Replaces the code of a thunk while it is being computed."""
    raise recursion_error("this value", None)


def recursion_error(what: str, place: Span | None) -> EvaluationError:
    """The error of a value that depends on itself."""
    error = EvaluationError(f"{what} depends on itself: infinite recursion", place)
    error.recursive = True
    return error


def force(operand: Operand) -> Value:
    """The value of an operand."""
    return operand.force() if operand.__class__ is Thunk else operand  # type: ignore[return-value]  # narrowed by class, which isinstance is slower at


class Array:
    """An array. `items` are operands; the list is never changed."""

    __slots__ = ("items",)

    def __init__(self, items: list[Operand]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Value]:
        """The values of the elements, each forced on access."""
        for item in self.items:
            yield force(item)

    def __getitem__(self, index: int) -> Value:
        """The value of one element."""
        return force(self.items[index])


class Function:
    """A value that can be applied: a closure, a function of `std` or a native.

    `name` is for errors. Templates apply functions through the evaluator; functions of the
    standard library through `Call.apply` and `Call.later`, which derive the context.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name in errors."""
        raise NotImplementedError

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names; the flag is true if the argument may be omitted."""
        raise NotImplementedError

    def enter(
        self,
        context: Context,
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """Applies it. `context` is the application's own: its key is the body's key.

        `place` is the span of the call.
        """
        raise NotImplementedError


def type_name(value: Value) -> str:
    """The type as in `std.type`."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "boolean"
    if value.__class__ is float:
        return "number"
    if value.__class__ is str:
        return "string"
    if value.__class__ is Array:
        return "array"
    return "function" if isinstance(value, Function) else "object"


def array_of(operands: Iterable[Operand]) -> Array:
    """An array of operands."""
    return Array(list(operands))

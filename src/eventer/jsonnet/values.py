"""The values of the language as Python objects.

`null`, booleans, numbers and strings are None, bool, float (never int) and str. Arrays, objects
and functions are the classes here and in `objects.py`. What sits in an array, in a field or in a
variable may still be a `Thunk`: an *operand* is a value or a thunk, `force` makes it a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from eventer.core.errors import EvaluationError

if TYPE_CHECKING:
    from eventer.jsonnet.context import Context
    from eventer.jsonnet.object_values import Object

Value: TypeAlias = "bool | float | str | Array | Object | Function | None"
Operand: TypeAlias = "Value | Thunk"
Frame: TypeAlias = list[Any]
"""Variables at run time: the frame around it (or None), the `Context`, then one slot a variable."""

Code: TypeAlias = Callable[[Frame], Any]
"""A compiled expression: its value in a frame."""


class Thunk:
    """A value not computed yet: `code` in `frame`, computed at most once.

    The frame's context is the one that the expression was written in, so it does not matter who
    forces it, or when.
    """

    __slots__ = ("code", "frame", "value")

    value: Value

    def __init__(self, code: Code, frame: Frame) -> None:
        self.code: Code | None = code
        self.frame = frame

    def force(self) -> Value:
        """The value.

        Raises:
            EvaluationError: what the expression raises, or that it needs its own value.
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
        self.value = value = code(frame)
        self.code = None
        del self.frame
        meter.depth += 1
        return value  # type: ignore[no-any-return]  # code is untyped by design


def infinite_recursion(_frame: Frame) -> Value:
    """Stands in for the code of a thunk while it is being computed."""
    raise EvaluationError("this value depends on itself: infinite recursion")


def force(operand: Operand) -> Value:
    """The value of an operand."""
    return operand.force() if operand.__class__ is Thunk else operand  # type: ignore[return-value]  # narrowed by class, which isinstance is slower at


class Array:
    """An array. `items` are operands; they are never written to after the array is made."""

    __slots__ = ("items",)

    def __init__(self, items: list[Operand]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Value]:
        """The elements' values, each forced when it is its turn."""
        for item in self.items:
            yield force(item)

    def __getitem__(self, index: int) -> Value:
        """The value of one element."""
        return force(self.items[index])


class Function:
    """Anything that can be applied: closures, functions of `std`, natives.

    `name` is for errors. Templates apply functions through the evaluator; functions of the
    standard library through `Call.apply` and `Call.later`, which derive the context.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """What errors call it."""
        raise NotImplementedError

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names, each with whether the argument may be left out."""
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
    """What `std.type` says."""
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

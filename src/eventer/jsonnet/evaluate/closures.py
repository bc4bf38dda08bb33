"""Functions of templates: closures and the loop of tail calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventer.jsonnet.argument_binding import bind_arguments
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.context import Context
from eventer.jsonnet.object_values import MISSING
from eventer.jsonnet.values import Code, Frame, Function, Operand, Thunk, Value

TAIL_CALL: Final = object()
"""Returned by a body that ends with a tailstrict call, which it stores in `Meter.tail`."""

NO_NAMED_ARGUMENTS: Final[Mapping[str, Operand]] = {}


class FunctionCode:
    """The shared part of all closures of a `function`; `defaults` run in the frame of the call."""

    __slots__ = ("body", "count", "defaults", "name", "names", "pad")

    def __init__(
        self,
        name: str | None,
        names: tuple[str, ...],
        defaults: tuple[Code | None, ...],
        body: Code,
        pad: list[None],
    ) -> None:
        self.name = name or "anonymous"
        self.names = names
        self.count = len(names)
        self.defaults = defaults
        self.body = body
        self.pad = pad


class Closure(Function):
    """A function with the frame around it."""

    __slots__ = ("code", "frame")

    def __init__(self, code: FunctionCode, frame: Frame) -> None:
        self.code = code
        self.frame = frame

    @property
    def name(self) -> str:
        """The local or field that it was bound to, or `anonymous`."""
        return self.code.name

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names, each with whether it has a default."""
        code = self.code
        return [(n, d is not None) for n, d in zip(code.names, code.defaults, strict=True)]

    def enter(
        self,
        context: Context,
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """Applies it in the application's own context."""
        del place
        meter = context.meter
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        meter.depth -= 1
        if meter.depth < 0:
            raise meter.too_deep()
        value = run_body(self.code.body, self.bind(context, positional, named), meter)
        meter.depth += 1
        return value

    def bind(
        self, context: Context, positional: Sequence[Operand], named: Mapping[str, Operand]
    ) -> Frame:
        """The frame of one application.

        Raises:
            EvaluationError: the arguments do not fit the parameters.
        """
        code = self.code
        if len(positional) == code.count and not named:
            return [self.frame, context, *positional, *code.pad]
        given = bind_arguments(self, positional, named)
        frame: Frame = [self.frame, context, *given, *code.pad]
        for slot, default in enumerate(code.defaults, 2):
            if frame[slot] is MISSING:
                assert default is not None
                frame[slot] = Thunk(default, frame)
        return frame


def run_body(body: Code, frame: Frame, meter: Meter) -> Value:
    """The value of a body, after its tail calls."""
    value = body(frame)
    return run_tail_calls(meter) if value is TAIL_CALL else value


def run_tail_calls(meter: Meter) -> Value:
    """The value of the tail call in the meter, after its own tail calls."""
    value: Any = TAIL_CALL
    while value is TAIL_CALL:
        body, frame = meter.tail
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        value = body(frame)
    return value  # type: ignore[no-any-return]  # code is untyped by design

"""Calls of a function that differs between rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Function, Operand, Value
from eventer.plan.symbols import Choice
from eventer.plan.trace.tracer import Tracer


class ChosenFunction(StdFunction):
    """A choice of functions: each is applied for its own rows only.

    It is applied like a function of `std`, in the context around the application, because it may
    be one; a function of another kind gets its own context.
    """

    __slots__ = ("_choice", "_tracer")

    def __init__(self, tracer: Tracer, choice: Choice) -> None:
        self._tracer = tracer
        self._choice = choice

    @property
    def name(self) -> str:
        """Not known: it differs."""
        return "anonymous"

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Not known: they differ."""
        return ()

    def call(
        self,
        context: Context,
        steps: tuple[int, ...],
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """See `StdFunction.call`."""

        def apply(function: Function) -> Any:
            if isinstance(function, StdFunction):
                return function.call(context, steps, positional, named, place)
            (site,) = steps
            return function.enter(context.child(site), positional, named, place)

        return self._applied(self._choice, apply)  # type: ignore[no-any-return]  # a value or a symbol

    def _applied(self, chosen: Any, apply: Callable[[Function], Any]) -> Any:
        chosen = self._tracer.simplified(chosen)
        if isinstance(chosen, Choice):
            return self._tracer.distribute(chosen, lambda side: self._applied(side, apply))
        if not isinstance(chosen, Function):
            raise EvaluationError(f"cannot call {describe(chosen)}")
        return apply(chosen)

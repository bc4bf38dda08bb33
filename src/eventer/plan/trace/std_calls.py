"""Calls of the standard library in a trace: its own code if possible, else columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import Call, StdDeclaration
from eventer.jsonnet.values import Array, Function, Operand, Thunk, Value, force
from eventer.plan.symbols import Symbolic
from eventer.plan.trace.plain_values import NotPlainError
from eventer.plan.trace.std import TRACED_FUNCTIONS as TRACED
from eventer.plan.trace.std.fallback_calls import (
    call_per_distinct_document,
    call_per_distinct_value,
    precomputed_combinations,
)
from eventer.plan.trace.std.traced_call import TracedCall
from eventer.plan.trace.traced_runtime import TracedRuntime
from eventer.plan.trace.tracer import NO_CHOICE
from eventer.plan.unsupported import PlanUnsupportedError

if TYPE_CHECKING:
    from eventer.plan.trace.traced_compiler import TracedCompiler

SYMBOL_SAFE: Final = frozenset(
    "makeArray range repeat map mapWithIndex foldl foldr reverse slice length objectFields "
    "objectFieldsAll objectFieldsEx objectHas objectHasAll objectHasEx objectValues "
    "objectValuesAll objectKeysValues objectKeysValuesAll mapWithKey flattenArrays get removeAt "
    "type isString isNumber isBoolean isObject isArray isFunction isNull id native extVar".split()
)
"""Functions whose own code is correct for arrays and objects with symbols."""


_FORCE_THEIR_ARGUMENTS: Final = frozenset({"get", "clamp"})
"""Functions whose rules force their lazy arguments, for the rows that need them."""


class TracedStdFunction(StdFunction):
    """A function of `std` in a trace."""

    __slots__ = ("compiler",)

    def __init__(self, spec: StdDeclaration, runtime: Any, compiler: TracedCompiler) -> None:
        super().__init__(spec, runtime)
        self.compiler = compiler

    def invoke(
        self, context: Context, steps: tuple[int, ...], arguments: Sequence[Any], place: Any
    ) -> Value:
        """See `StdFunction.invoke`."""
        try:
            return self._performed(context, steps, list(arguments), place)  # type: ignore[no-any-return]  # a value or a symbol
        except PlanUnsupportedError as unsupported:
            raise unsupported.at(place) from None

    def _performed(
        self, context: Context, steps: tuple[int, ...], arguments: list[Any], place: Span
    ) -> Any:
        tracer, name = self.compiler.tracer, self.spec.name
        lazy = name in _FORCE_THEIR_ARGUMENTS
        given = [tracer.simplified(each if lazy else force(each)) for each in arguments]
        choice = tracer.distributed(
            given, lambda changed: self._performed(context, steps, changed, place), place
        )
        if choice is not NO_CHOICE:
            return choice
        code = self._plain_code(context, steps, place)
        call = TracedCall(self.compiler, name, context, steps, given, place, code)
        traced, direct = TRACED.get(name), any(isinstance(each, Symbolic) for each in given)
        if traced is not None and (direct or (traced.nested and _may_hold_symbols(given))):
            return traced.rule(call)
        if direct:
            return call_per_distinct_value(call)
        if name in SYMBOL_SAFE or self._all_plain(given):
            return call.plain(*given)
        if traced is not None:
            return traced.rule(call)
        found = precomputed_combinations(call)
        return call_per_distinct_document(call) if found is None else found

    def _plain_code(
        self, context: Context, steps: tuple[int, ...], place: Span
    ) -> Callable[..., Any]:
        """The function's own code."""
        runtime: TracedRuntime = self.runtime  # type: ignore[assignment]  # of this compiler
        spec = self.spec

        def run(*arguments: Any) -> Any:
            call = TracedStdCall(runtime, spec.name, context, steps, place)
            value = spec.implementation(call, *arguments)
            if isinstance(value, float) and value - value != 0.0:
                raise EvaluationError("the result is not a number", place)
            return value

        return run

    def _all_plain(self, given: Sequence[Any]) -> bool:
        plain = self.compiler.tracer.plain
        try:
            for value in given:
                if not isinstance(value, Function):
                    plain.require_plain(value)
        except NotPlainError:
            return False
        return True


def _may_hold_symbols(given: Sequence[Any]) -> bool:
    return any(isinstance(value, Array | Object) for value in given)


class TracedStdCall(Call):
    """The call for the library's own code: thunks keep their domain, symbols are refused."""

    __slots__ = ()

    def later(
        self, func: Function, arguments: Sequence[Operand], argument: int, element: int | str
    ) -> Operand:
        """See `Call.later`."""
        return self._kept(super().later(func, arguments, argument, element))

    def delay(self, compute: Callable[[], Value]) -> Operand:
        """See `Call.delay`."""
        return self._kept(super().delay(compute))

    def _kept(self, operand: Operand) -> Operand:
        assert isinstance(operand, Thunk)
        assert operand.code is not None
        return Thunk(self._tracer.bind_to_domain(operand.code), operand.frame)

    @property
    def _tracer(self) -> Any:
        return self._runtime.tracer  # type: ignore[attr-defined]  # a traced runtime

    def force(self, operand: Operand) -> Value:  # type: ignore[override]  # an instance may
        """See `Call.force`."""
        return self._tracer.simplified(force(operand))  # type: ignore[no-any-return]

    def to_string(self, value: Value) -> str:
        """See `Call.to_string`."""
        text: Any = super().to_string(value)
        if isinstance(text, Symbolic):
            raise PlanUnsupportedError("text from an array or object with random values")
        return text  # type: ignore[no-any-return]  # a string, then

    def _wrong(self, value: Value, param: str, expected: str) -> EvaluationError:
        if isinstance(value, Symbolic):
            raise PlanUnsupportedError(f"std.{self.name} needs the same {param} in all events")
        return super()._wrong(value, param, expected)

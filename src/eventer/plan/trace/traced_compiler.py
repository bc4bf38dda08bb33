"""The interpreter's compiler for traces: thunks keep their domain, `std` accepts symbols."""

from __future__ import annotations

from collections.abc import Sequence

from eventer.jsonnet.evaluate.compiler import Compiler, Imports, Rules
from eventer.jsonnet.evaluate.scope import FIRST_VARIABLE, Scope
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.nodes import Node
from eventer.jsonnet.std.declarations import FUNCTIONS
from eventer.jsonnet.values import Code, Frame, Thunk, Value
from eventer.plan.symbols import Choice
from eventer.plan.trace.chosen_functions import ChosenFunction
from eventer.plan.trace.traced_operators import TracedOperators
from eventer.plan.trace.traced_runtime import TracedRuntime
from eventer.plan.trace.tracer import Tracer


class TracedCompiler(Compiler):
    """Compiles trees to code that runs once, for all rows."""

    tracer: Tracer
    operators: TracedOperators

    def __init__(self, runtime: TracedRuntime, imports: Imports, rules: Rules) -> None:
        super().__init__(runtime, imports, rules)
        self.tracer = runtime.tracer
        self.operators = runtime.traced_operators

    def std_function(self, name: str) -> StdFunction:
        """See `Compiler.std_function`."""
        from eventer.plan.trace.std_calls import TracedStdFunction

        return TracedStdFunction(FUNCTIONS[name], self.runtime, self)

    def callee(self, node: Node, scope: Scope) -> Code:
        """See `Compiler.callee`; the function may differ between rows."""
        code, tracer = super().callee(node, scope), self.tracer

        def find(frame: Frame) -> Value:
            function = tracer.simplified(code(frame))
            if isinstance(function, Choice):
                return ChosenFunction(tracer, function)
            return function  # type: ignore[no-any-return]  # code is untyped by design

        return find

    def delayed(self, code: Code) -> Code:
        """See `Compiler.delayed`; thunks are evaluated in the domain of their creation."""
        tracer = self.tracer

        def delay(frame: Frame) -> Thunk:
            return Thunk(tracer.bind_to_domain(code), frame)

        return delay

    def function_body(self, body: Code, defaults: Sequence[Code | None]) -> Code:
        """See `Compiler.function_body`; defaults belong to the domain of the call."""
        slots = [
            (slot, code) for slot, code in enumerate(defaults, FIRST_VARIABLE) if code is not None
        ]
        if not slots:
            return body

        def run(frame: Frame) -> Value:
            for slot, code in slots:
                operand = frame[slot]
                if operand.__class__ is Thunk and operand.code is code:
                    frame[slot] = Thunk(self.tracer.bind_to_domain(code), frame)
            return body(frame)  # type: ignore[no-any-return]  # code is untyped by design

        return run

"""The interpreter's compiler, for traces: thunks keep their domain, `std` knows symbols."""

from __future__ import annotations

from eventer.jsonnet.evaluate.compiler import Compiler, Imports, Rules
from eventer.jsonnet.evaluate.std_calls import Builtin
from eventer.jsonnet.std.registry import FUNCTIONS
from eventer.jsonnet.values import Code, Frame, Thunk
from eventer.plan.trace.operators import TracedOperators
from eventer.plan.trace.runtime import TracedRuntime
from eventer.plan.trace.tracer import Tracer


class TracedCompiler(Compiler):
    """Compiles the trees of one program to code that is run once, for all rows."""

    tracer: Tracer
    operators: TracedOperators

    def __init__(self, runtime: TracedRuntime, imports: Imports, rules: Rules) -> None:
        super().__init__(runtime, imports, rules)
        self.tracer = runtime.tracer
        self.operators = runtime.traced_operators

    def builtin(self, name: str) -> Builtin:
        """See `Compiler.builtin`."""
        from eventer.plan.trace.std_calls import TracedBuiltin

        return TracedBuiltin(FUNCTIONS[name], self.runtime, self)

    def delayed(self, code: Code) -> Code:
        """See `Compiler.delayed`; who forces the thunk, and where, makes no difference."""
        tracer = self.tracer

        def delay(frame: Frame) -> Thunk:
            return Thunk(tracer.bound(code), frame)

        return delay

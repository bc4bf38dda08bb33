"""The declaration of a rule for a function of `std`, and its argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from eventer.core.source import Span
from eventer.jsonnet.context import Context

if TYPE_CHECKING:
    from eventer.plan.trace.traced_compiler import TracedCompiler
    from eventer.plan.trace.tracer import Tracer


@dataclass(frozen=True, slots=True)
class TracedCall:
    """A call in a trace. `plain` is the function's own code, for plain arguments."""

    compiler: TracedCompiler
    name: str
    context: Context
    steps: tuple[int, ...]
    arguments: Sequence[Any]
    place: Span
    plain: Callable[..., Any]

    @property
    def tracer(self) -> Tracer:
        """The trace."""
        return self.compiler.tracer

    def scalar(self, vector: Callable[[Sequence[Any]], Any]) -> Any:
        """The function of scalars; `vector` computes it for columns (`Tracer.scalar`)."""
        return self.tracer.scalar(self.arguments, self.plain, vector, self.place)


Rule = Callable[[TracedCall], Any]


@dataclass(frozen=True, slots=True)
class TracedRule:
    """A rule; a `nested` one also accepts arrays and objects that may hold symbols."""

    rule: Rule
    nested: bool = False


TRACED_FUNCTIONS: Final[dict[str, TracedRule]] = {}


def traced_rule(*names: str, nested: bool = False) -> Callable[[Rule], Rule]:
    """Declares the rule of `std.<name>`, for calls with symbolic arguments."""

    def declare(rule: Rule) -> Rule:
        for name in names:
            TRACED_FUNCTIONS[name] = TracedRule(rule, nested)
        return rule

    return declare

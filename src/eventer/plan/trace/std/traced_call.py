"""How a function of `std` over columns is declared, and what it is given."""

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
    """One call. `plain` is the function's own code, for arguments without symbols."""

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


Rule = Callable[[TracedCall], Any]


@dataclass(frozen=True, slots=True)
class TracedRule:
    """A rule; `nested` where it is for arrays and objects, too, that may hold symbols."""

    rule: Rule
    nested: bool = False


TRACED_FUNCTIONS: Final[dict[str, TracedRule]] = {}


def traced_rule(*names: str, nested: bool = False) -> Callable[[Rule], Rule]:
    """Declares the rule of `std.<name>`: called where an argument is a symbol (or may hold one)."""

    def declare(rule: Rule) -> Rule:
        for name in names:
            TRACED_FUNCTIONS[name] = TracedRule(rule, nested)
        return rule

    return declare

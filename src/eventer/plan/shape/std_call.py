"""Calls of functions of the standard library in inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventer.plan.shape.abstract import (
    ANYTHING,
    NEVER,
    TEXT,
    AbstractArray,
    AbstractClosure,
    AbstractClosures,
    AbstractValue,
    LazyValue,
    StdFunctionName,
    Text,
    closures_of,
    evaluated,
)
from eventer.plan.shape.constant_values import join_all

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference


@dataclass(frozen=True, slots=True)
class AbstractCall:
    """A call of a function of `std`, with its arguments by parameter name."""

    inference: Inference
    arguments: Mapping[str, LazyValue]

    def value(self, name: str) -> AbstractValue:
        """An argument."""
        return self.arguments[name].get() if name in self.arguments else ANYTHING

    def element(self, name: str) -> LazyValue:
        """An element of an argument, or a character of a text."""
        core = self.value(name).core
        if isinstance(core, AbstractArray):
            return core.element
        if core is None:
            return evaluated(NEVER)
        return evaluated(TEXT if isinstance(core, Text) else ANYTHING)

    def applied(self, name: str, *arguments: LazyValue) -> AbstractValue:
        """The result of an argument that is a function."""
        core = self.value(name).core
        if isinstance(core, AbstractClosure | AbstractClosures):
            return join_all(self.inference.call(f, arguments, {}) for f in closures_of(core))
        if isinstance(core, StdFunctionName):
            return self.inference.std_call(core.name, arguments)
        return ANYTHING

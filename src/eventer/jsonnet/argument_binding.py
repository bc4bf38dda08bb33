"""Which argument of a call belongs to which parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from eventer.core.errors import EvaluationError
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.object_values import MISSING


class Signature(Protocol):
    """The name of a function, and its parameters, each with whether it may be omitted."""

    @property
    def name(self) -> str:
        """The name in errors."""

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names; the flag is true if the argument may be omitted."""


def bind_arguments(
    function: Signature, positional: Sequence[object], named: Mapping[str, object]
) -> list[Any]:
    """One argument per parameter, in order; MISSING for an omitted optional one.

    Raises:
        EvaluationError: too many arguments, or one is unknown, given twice or missing.
    """
    parameters = function.parameters
    if len(positional) > len(parameters):
        raise _too_many(function, len(positional))
    given: list[Any] = [*positional, *[MISSING] * (len(parameters) - len(positional))]
    names = [name for name, _ in parameters]
    for name, argument in named.items():
        if name not in names:
            hint = did_you_mean(name, names) or f"write {signature_text(function)}"
            raise EvaluationError(f"{function.name} has no parameter {name!r}", hint=hint)
        number = names.index(name)
        if given[number] is not MISSING:
            raise EvaluationError(
                f"argument {name!r} of {function.name} is given twice",
                hint=f"write {signature_text(function)}",
            )
        given[number] = argument
    for (name, optional), argument in zip(parameters, given, strict=True):
        if argument is MISSING and not optional:
            raise EvaluationError(
                f"argument {name!r} of {function.name} is missing",
                hint=f"write {signature_text(function)}",
            )
    return given


def _too_many(function: Signature, count: int) -> EvaluationError:
    most = len(function.parameters)
    plural = "" if most == 1 else "s"
    return EvaluationError(
        f"{function.name} takes {most or 'no'} argument{plural}, not {count}",
        hint=f"write {signature_text(function)}",
    )


def signature_text(function: Signature) -> str:
    """The call of a function as text: `f(a, b=…)`."""
    parts = [name + ("=…" if optional else "") for name, optional in function.parameters]
    return f"{function.name}({', '.join(parts)})"

"""Natives as function values, and the error for unknown natives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.argument_binding import bind_arguments
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.natives import Native, Natives
from eventer.jsonnet.object_values import MISSING
from eventer.jsonnet.values import Function, Operand, Value, force


class NativeFunction(Function):
    """A native; its draw key is the key of the application."""

    __slots__ = ("native", "runtime")

    def __init__(self, native: Native, runtime: Runtime) -> None:
        self.native = native
        self.runtime = runtime

    @property
    def name(self) -> str:
        """The name it is registered under."""
        return self.native.name

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        """Names; the flag is true if the argument may be omitted."""
        return self.native.params

    def enter(
        self,
        context: Context,
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        """Manifests the arguments from left to right and calls the native."""
        arguments = self.arguments(positional, named)
        try:
            return self.runtime.from_json(self.native.call(arguments, context.key))
        except TemplateError as error:
            error.at(place)
            raise

    def arguments(
        self, positional: Sequence[Operand], named: Mapping[str, Operand]
    ) -> tuple[JsonValue, ...]:
        """The arguments as JSON, None for omitted ones.

        Raises:
            EvaluationError: they do not fit the parameters, or cannot be manifested.
        """
        python = self.runtime.manifest.python
        given = bind_arguments(self, positional, named)
        return tuple([None if each is MISSING else python(force(each)) for each in given])


def unknown_native(name: str, natives: Natives, place: Span) -> EvaluationError:
    """The error of calling a native that does not exist; `place` is where it is named."""
    known = natives.names()
    hint = did_you_mean(name, known) or "there are " + ", ".join(sorted(known))
    message = f"there is no native function {name!r}"
    return EvaluationError(message, place, hint=hint if known else None)

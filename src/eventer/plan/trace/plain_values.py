"""Converts plain values between the language and JSON."""

from __future__ import annotations

from typing import Any

from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Function, Thunk, Value, force
from eventer.plan.symbols import Symbolic


class NotPlainError(Exception):
    """A value has functions, hidden fields or symbols, which JSON cannot represent."""


class PlainValues:
    """Converts plain JSON to values of the language and back; numbers are floats on both sides."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def value(self, json: Any) -> Value:
        """The value of the language for plain JSON."""
        return self._runtime.from_json(json)

    def json(self, value: Any) -> Any:
        """The JSON of a value.

        Raises:
            NotPlainError: JSON cannot represent it.
            EvaluationError: its evaluation raises.
        """
        if isinstance(value, Thunk):
            value = force(value)
        if isinstance(value, Symbolic | Function):
            raise NotPlainError
        if isinstance(value, Array):
            return [self.json(item) for item in value.items]
        if isinstance(value, Object):
            return self._object(value)
        return value

    def argument(self, value: Any) -> Any:
        """The argument of a native function for a value: JSON with symbols."""
        return self._runtime.manifest.python(value)

    def require_plain(self, value: Any) -> None:
        """Checks a value and all its elements and fields, hidden ones included.

        Raises:
            NotPlainError: it contains a symbol.
            EvaluationError: its evaluation raises.
        """
        self._require_plain(value, {})

    def _require_plain(self, value: Any, checked: dict[int, Value]) -> None:
        """`checked` are arrays and objects by identity: a part can be reached by many paths."""
        if isinstance(value, Thunk):
            value = force(value)
        if isinstance(value, Symbolic):
            raise NotPlainError
        if not isinstance(value, Array | Object) or id(value) in checked:
            return
        checked[id(value)] = value
        if isinstance(value, Array):
            for item in value.items:
                self._require_plain(item, checked)
            return
        value.check_asserts()
        for name in value.names(hidden=True):
            self._require_plain(value.get(name), checked)

    def _object(self, value: Object) -> dict[str, Any]:
        value.check_asserts()
        names = value.names(hidden=True)
        if len(names) > len(value.names()):
            raise NotPlainError
        return {name: self.json(value.get(name)) for name in names}


def is_same_scalar(one: Any, other: Any) -> bool:
    """Whether two plain scalars are equal and of one type; -0 and 0 differ."""
    if one.__class__ is not other.__class__:
        return False
    return bool(one == other) and (not isinstance(one, float) or str(one) == str(other))

"""Values as JSON: the canonical text and the Python values, in one pass."""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.json_text import number_text
from eventer.core.model import JsonValue
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.object_values import MISSING, Object
from eventer.jsonnet.operators import locate_error
from eventer.jsonnet.values import Array, Thunk, Value

_EXACT: Final = float(1 << 53)
_MIN_CHARGED_LENGTH: Final = 32
"""Shorter strings cost nothing beyond the step of each value."""


class Manifester:
    """Writes values as JSON and charges the work."""

    __slots__ = ("_meter",)

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def text_and_value(self, value: Value) -> tuple[str, JsonValue]:
        """The compact JSON text of a value, and the same as Python values.

        Keys go by code point; numbers and escapes are RFC 8785's. Whole numbers up to 2^53 are
        int in the Python value, all others float. Asserts run, thunks are forced.

        Raises:
            EvaluationError: a field raises, or a value is a function.
        """
        parts: list[str] = []
        python = self._write(value, parts)
        return "".join(parts), python

    def text(self, value: Value) -> str:
        """The compact JSON text of a value."""
        return self.text_and_value(value)[0]

    def python(self, value: Value) -> JsonValue:
        """The value as Python JSON values."""
        kind = value.__class__
        if kind is float:
            return _number(value)  # type: ignore[arg-type]  # a float by class
        if kind is str or value is None or kind is bool:
            return value  # type: ignore[return-value]  # plain by class
        return self._write(value, [])

    def _write(self, value: Value, parts: list[str]) -> JsonValue:
        kind = value.__class__
        if kind is str:
            return self._write_string(value, parts)  # type: ignore[arg-type]  # a string by class
        if kind is float:
            number = _number(value)  # type: ignore[arg-type]  # a float by class
            parts.append(str(number) if number.__class__ is int else number_text(number))
            return number
        if kind is Object:
            return self._write_object(value, parts)  # type: ignore[arg-type]  # an object by class
        if kind is Array:
            return self._write_array(value, parts)  # type: ignore[arg-type]  # an array by class
        if value is None or value is True or value is False:
            parts.append("null" if value is None else "true" if value else "false")
            return value
        raise EvaluationError(
            "a function is not a JSON value", hint="call it, or hide its field with `::`"
        )

    def _write_string(self, value: str, parts: list[str]) -> str:
        parts.append(
            encode_basestring(value) if len(value) <= _MIN_CHARGED_LENGTH else self._long(value)
        )
        return value

    def _write_object(self, value: Object, parts: list[str]) -> dict[str, JsonValue]:
        if value.asserts_pending:
            value.check_asserts()
        names = value.names()
        self._enter(len(names))
        result: dict[str, JsonValue] = {}
        name, before, cache, write = "", "{", value.cache, self._write
        try:
            for name in names:
                short = len(name) <= _MIN_CHARGED_LENGTH
                parts.append(before + (_key(name) if short else self._long(name) + ":"))
                before = ","
                field: Any = cache.get(name, MISSING)
                result[name] = write(value.get(name) if field is MISSING else field, parts)
        except TemplateError as error:
            locate_error(error, value, name)
            raise
        parts.append("}" if result else "{}")
        self._meter.depth += 1
        return result

    def _long(self, text: str) -> str:
        """A string in quotes, charged and not cached."""
        self._meter.charge_bytes(len(text))
        self._meter.charge_reading(len(text))
        quoted = encode_basestring(text)
        self._meter.charge_bytes(len(quoted) - len(text))
        return quoted

    def _write_array(self, value: Array, parts: list[str]) -> list[JsonValue]:
        self._enter(len(value.items))
        result: list[JsonValue] = []
        before, write = "[", self._write
        for item in value.items:
            parts.append(before)
            before = ","
            element: Any = item.force() if item.__class__ is Thunk else item
            result.append(write(element, parts))
        parts.append("]" if result else "[]")
        self._meter.depth += 1
        return result

    def _enter(self, count: int) -> None:
        meter = self._meter
        meter.charge_steps(count + 1)
        meter.depth -= 1
        if meter.depth < 0:
            raise meter.too_deep()


def _number(value: float) -> int | float:
    if value.is_integer() and -_EXACT <= value <= _EXACT:
        return int(value)
    return value


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return encode_basestring(name) + ":"

"""`+`, `==`, the order of values, and their text."""

from __future__ import annotations

from json.encoder import encode_basestring
from re import compile as pattern
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from eventer.core.errors import EvaluationError, TemplateError
from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.context import Context
from eventer.jsonnet.object_values import Object, add_objects
from eventer.jsonnet.std.number_text import number_text
from eventer.jsonnet.values import Array, Value, force, type_name

if TYPE_CHECKING:
    from re import Match

_OBJECT_BYTES: Final = 320
_LAYER_BYTES: Final = 16
LAYERS_PER_STEP: Final = 8
"""The cost of `+` of objects, which copies a reference to each layer."""

_HIGH_CONTROLS: Final = pattern("[\x7f-\x9f]")
_MAX_PAIRS: Final = 10_000
"""Pairs that a comparison remembers: with shared parts, the number of paths can be exponential."""

Pairs: TypeAlias = "dict[tuple[int, int], tuple[Any, ...]]"
"""Compared arrays and objects by identity; the values keep both alive."""
_MIN_CHARGED_LENGTH: Final = 4_096
"""Shorter strings cost nothing beyond the step of each value."""


class Operators:
    """The operators that traverse values; they charge their work."""

    __slots__ = ("_meter",)

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def add(self, left: Value, right: Value, elements: tuple[Context, ...]) -> Value:
        """`left + right`, evaluated inside `elements`.

        Raises:
            EvaluationError: the two cannot be added.
        """
        if isinstance(left, float) and isinstance(right, float):
            return finite(left + right)
        if isinstance(left, str) or isinstance(right, str):
            return self._concatenate(self.to_string(left), self.to_string(right))
        if isinstance(left, Array) and isinstance(right, Array):
            self._meter.charge_elements(len(left.items) + len(right.items))
            return Array(left.items + right.items)
        if isinstance(left, Object) and isinstance(right, Object):
            layers = len(left.layers) + len(right.layers)
            self._meter.charge_bytes(_OBJECT_BYTES + layers * _LAYER_BYTES)
            self._meter.charge_steps(1 + layers // LAYERS_PER_STEP)
            return add_objects(left, right, elements)
        raise EvaluationError(
            f"cannot add {describe(left)} and {describe(right)}", hint=_add_hint(left, right)
        )

    def _concatenate(self, left: str, right: str) -> str:
        self._meter.charge_bytes(len(left) + len(right))
        return left + right

    # -- equality and order ---------------------------------------------------------------------

    def equals(self, left: Value, right: Value) -> bool:
        """`left == right`: by type and value; objects by their visible fields.

        Raises:
            EvaluationError: functions are compared.
        """
        return self._equals(left, right, None)

    def _equals(self, left: Value, right: Value, pairs: Pairs | None) -> bool:
        kind = left.__class__
        if kind is right.__class__:
            if kind is str:
                return self._same_texts(left, right)  # type: ignore[arg-type]  # the same class
            if kind is float or left is None or kind is bool:
                return left == right
        elif type_name(left) != type_name(right):
            return False
        if isinstance(left, Array | Object):
            return self._equal_containers(left, right, {} if pairs is None else pairs)
        raise EvaluationError("cannot compare functions")

    def _equal_containers(self, left: Any, right: Any, pairs: Pairs) -> bool:
        """Whether two arrays or two objects are equal; `pairs` are the equal ones."""
        pair = (id(left), id(right))
        if pair in pairs:
            return True
        same = self._compare_containers(left, right, pairs)
        if same and len(pairs) < _MAX_PAIRS:
            pairs[pair] = (left, right)
        return same

    def _compare_containers(self, left: Any, right: Any, pairs: Pairs) -> bool:
        self._enter()
        same_parts = self._same_arrays if isinstance(left, Array) else self._same_objects
        same = same_parts(left, right, pairs)
        self._meter.depth += 1
        return same

    def _same_texts(self, left: str, right: str) -> bool:
        if len(left) >= _MIN_CHARGED_LENGTH and len(left) == len(right):
            self._meter.charge_copying(len(left))
        return left == right

    def _enter(self) -> None:
        meter = self._meter
        meter.charge_steps(1)
        meter.depth -= 1
        if meter.depth < 0:
            raise meter.too_deep()

    def _same_arrays(self, left: Array, right: Array, pairs: Pairs) -> bool:
        if len(left.items) != len(right.items):
            return False
        for first, second in zip(left, right, strict=True):
            self._meter.charge_steps(1)
            if not self._equals(first, second, pairs):
                return False
        return True

    def _same_objects(self, left: Object, right: Object, pairs: Pairs) -> bool:
        names = left.names()
        if names != right.names():
            return False
        for name in names:
            self._meter.charge_steps(1)
            if not self._equals(left.get(name), right.get(name), pairs):
                return False
        return True

    def compare(self, left: Value, right: Value) -> int:
        """Negative, 0 or positive if `left` is below, equal to or above `right`.

        Raises:
            EvaluationError: they are not two numbers, two strings or two arrays of these.
        """
        return self._order(left, right, None)

    def _order(self, left: Value, right: Value, pairs: Pairs | None) -> int:
        kind = left.__class__
        if kind is right.__class__ and (kind is float or kind is str):
            if kind is str:
                self._meter.charge_copying(min(len(left), len(right)))  # type: ignore[arg-type]  # the same class
            return (left > right) - (left < right)  # type: ignore[operator]  # the same class
        if isinstance(left, Array) and isinstance(right, Array):
            return self._order_arrays(left, right, {} if pairs is None else pairs)
        raise EvaluationError(
            f"cannot compare {describe(left)} with {describe(right)}",
            hint="only numbers, strings and arrays of these can be ordered",
        )

    def _order_arrays(self, left: Array, right: Array, pairs: Pairs) -> int:
        """The order of two arrays; `pairs` are the equal ones."""
        pair = (id(left), id(right))
        if pair in pairs:
            return 0
        self._enter()
        order = self._order_elements(left, right, pairs)
        self._meter.depth += 1
        if order == 0 and len(pairs) < _MAX_PAIRS:
            pairs[pair] = (left, right)
        return order

    def _order_elements(self, left: Array, right: Array, pairs: Pairs) -> int:
        for first, second in zip(left.items, right.items, strict=False):
            self._meter.charge_steps(1)
            order = self._order(force(first), force(second), pairs)
            if order:
                return order
        return (len(left.items) > len(right.items)) - (len(left.items) < len(right.items))

    # -- text -----------------------------------------------------------------------------------

    def to_string(self, value: Value) -> str:
        """`std.toString`: a string as it is, other values as JSON on one line."""
        if isinstance(value, str):
            return value
        if value.__class__ is float:
            return number_text(value)
        parts: list[str] = []
        self._write(value, parts)
        return "".join(parts)

    def _write(self, value: Value, parts: list[str]) -> None:
        self._meter.charge_steps(1)
        if value is None:
            parts.append("null")
        elif value is True or value is False:
            parts.append("true" if value else "false")
        elif isinstance(value, str):
            parts.append(self._quoted(value))
        elif isinstance(value, float):
            text = number_text(value)
            self._meter.charge_bytes(len(text))
            parts.append(text)
        else:
            self._enter()
            self._write_inside(value, parts)
            self._meter.depth += 1

    def _write_inside(self, value: Value, parts: list[str]) -> None:
        if isinstance(value, Array):
            before = "["
            for element in value:
                parts.append(before)
                before = ", "
                self._write(element, parts)
            parts.append("]" if value.items else "[ ]")
        elif isinstance(value, Object):
            self._write_object(value, parts)
        else:
            raise EvaluationError(
                "a function cannot be converted to text", hint="did you mean to call it?"
            )

    def _write_object(self, value: Object, parts: list[str]) -> None:
        value.check_asserts()
        before = "{"
        for name in value.names():
            parts += (before, self._quoted(name), ": ")
            before = ", "
            try:
                self._write(value.get(name), parts)
            except TemplateError as error:
                locate_error(error, value, name)
                raise
        parts.append("}" if before != "{" else "{ }")

    def _quoted(self, text: str) -> str:
        """See `quote_string`; charged."""
        self._meter.charge_bytes(len(text))
        if len(text) < _MIN_CHARGED_LENGTH:
            return quote_string(text)
        pieces: list[str] = []
        for piece in self._meter.charged_pieces(text):
            pieces.append(quote_string(piece)[1:-1])
            self._meter.charge_bytes(len(pieces[-1]) - len(piece))
        return f'"{"".join(pieces)}"'


def locate_error(error: TemplateError, value: Object, name: str) -> None:
    """Gives an error without a place the place of the field that raised it."""
    span = value.table[name][1].span
    if span is not None:
        error.at(span)


def quote_string(text: str) -> str:
    """A string as JSON, with the control characters above 0x7e escaped too."""
    return _HIGH_CONTROLS.sub(_escape, encode_basestring(text))


def _escape(match: Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def describe(value: Value) -> str:
    """The type of a value, with an article."""
    name = type_name(value)
    if name == "null":
        return name
    return f"an {name}" if name[0] in "ao" else f"a {name}"


def _add_hint(left: Value, right: Value) -> str | None:
    if left is None or right is None:
        return "null cannot be added to anything but text"
    return "std.toString(…) converts any value to text"

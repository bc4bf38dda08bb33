"""`std.format` and the operator `%` on strings: takes values for conversions and pads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.format_codes import Conversion, SizeSpec, parse_codes
from eventer.jsonnet.std.format_numbers import ConversionLayout, fraction_text, whole_text
from eventer.jsonnet.values import Array, Operand, Value, type_name

_Convert: TypeAlias = Callable[[Conversion], str]
_IMPRECISE: Final = frozenset("sc%")
"""Kinds that ignore a precision."""


@function("format", strict("str"), strict("vals"))
def format_text(call: Call, text: Value, values: Value) -> Value:
    """A text with its conversions replaced by values."""
    return format_values(call, call.string(text, "str"), values)


def format_values(call: Call, text: str, values: Value) -> str:
    """The text with values for its conversions: an array, an object, or one value."""
    call.meter.charge_bytes(len(text))
    call.meter.charge_reading(len(text))
    pieces = parse_codes(text, call.meter.charge_steps)
    if isinstance(values, Object):
        return _text(call, pieces, lambda code: _named(call, code, values))
    supply = _ValueQueue(call, values.items if isinstance(values, Array) else [values])
    result = _text(call, pieces, lambda code: _next(call, code, supply))
    supply.finish()
    return result


def _text(call: Call, pieces: tuple[str | Conversion, ...], convert: _Convert) -> str:
    parts: list[str] = []
    for piece in pieces:
        call.meter.charge_steps(1)
        if isinstance(piece, str):
            parts.append(piece)
        else:
            parts.append(convert(piece))
            call.meter.charge_bytes(len(parts[-1]))
    return "".join(parts)


class _ValueQueue:
    """Values, taken in order."""

    def __init__(self, call: Call, items: list[Operand]) -> None:
        self._call = call
        self._items = items
        self.taken = 0

    def take(self) -> Value:
        """The next value."""
        if self.taken >= len(self._items):
            raise self._call.error(
                f"not enough values: {len(self._items)}, expected more than {self.taken}"
            )
        self.taken += 1
        return self._call.force(self._items[self.taken - 1])

    def measure(self, measure: SizeSpec, what: str) -> float:
        """A width or a precision; the next value if it is `*`."""
        return self._call.number(self.take(), what) if measure == "*" else measure

    def precision(self, code: Conversion) -> float | None:
        """The precision; if it is ignored, `*` skips a value without a check."""
        if code.precision is None or code.kind in _IMPRECISE:
            self.taken += code.precision == "*"
            return None
        return self.measure(code.precision, "a precision")

    def finish(self) -> None:
        """Refuses unused values."""
        if self.taken < len(self._items):
            raise self._call.error(f"too many values: {len(self._items)}, expected {self.taken}")


def _next(call: Call, code: Conversion, supply: _ValueQueue) -> str:
    """A conversion of the next value."""
    width = supply.measure(code.width, "a width")
    precision = supply.precision(code)
    if code.kind == "%":
        return _padded(call, "%", width, left=code.left)
    layout = ConversionLayout(code, width, precision, str(supply.taken))
    return _converted(call, layout, supply.take())


def _named(call: Call, code: Conversion, values: Object) -> str:
    """A conversion of a field of an object."""
    precision = None if code.kind in _IMPRECISE else code.precision
    if code.width == "*" or precision == "*":
        raise call.error("a `*` width needs an array of values, not an object")
    if code.kind == "%":
        return _padded(call, "%", code.width, left=code.left)
    if code.name is None:
        raise call.error("a mapping key is required, such as %(name)s")
    if not values.has(code.name):
        raise call.error(f"no such field: {code.name}")
    layout = ConversionLayout(code, code.width, precision, code.name)
    return _converted(call, layout, call.field(values, code.name))


def _converted(call: Call, layout: ConversionLayout, value: Value) -> str:
    """A value by its conversion, padded with spaces."""
    kind = layout.code.kind
    if kind == "s":
        text = call.to_string(value)
    elif kind == "c":
        text = _character(call, value)
    elif type_name(value) != "number":
        raise call.error(f"a number is required at {layout.where}, got {type_name(value)}")
    else:
        _charge(call, layout)
        write = whole_text if kind in "dox" else fraction_text
        text = write(layout, call.number(value, layout.where))
    return _padded(call, text, layout.width, left=layout.code.left)


def _charge(call: Call, layout: ConversionLayout) -> None:
    """Charges the zeros that may pad a number."""
    call.meter.charge_bytes(max(layout.zeros, 0.0) + max(layout.precision or 0.0, 0.0))


def _padded(call: Call, text: str, width: float, *, left: bool) -> str:
    spaces = width - len(text)
    if spaces <= 0:
        return text
    call.meter.charge_bytes(spaces)
    padding = " " * math.ceil(spaces)
    return text + padding if left else padding + text


def _character(call: Call, value: Value) -> str:
    if isinstance(value, str):
        if len(value) != 1:
            raise call.error(f"%c needs a string of one character, got {len(value)}")
        return value
    if type_name(value) != "number":
        raise call.error(f"%c needs a number or a string, got {type_name(value)}")
    return character(call, call.number(value, "%c"))


def character(call: Call, code: float) -> str:
    """The character of a code point; U+FFFD for surrogates."""
    if not 0 <= code <= 0x10FFFF:
        raise call.error(f"{code:g} is not a code point: use 0 to 0x10ffff")
    whole = int(code)
    return "\ufffd" if 0xD800 <= whole <= 0xDFFF else chr(whole)

"""Numbers in `std.format`.

The digits come from arithmetic on doubles, step by step as in Jsonnet's own library: `%.2f` of
2.675 is 2.68, `%d` of 1e23 ends in a 2, `%e` of 1000 is 10.000000e+02. Python formats differently.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Final

from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.std.format_codes import Conversion
from eventer.jsonnet.std.number_text import number_text
from eventer.jsonnet.std.transcendental import natural_log, power

_EXACT: Final = float(1 << 53)
_SMALLEST_EXPONENT: Final = -324.0
_HEXADECIMAL: Final = "0123456789abcdef"
_PRECISION: Final = 6.0


@dataclass(frozen=True, slots=True)
class ConversionLayout:
    """A conversion with its width and precision known; `where` names the value in errors."""

    code: Conversion
    width: float
    precision: float | None
    where: str

    @property
    def zeros(self) -> float:
        """The width to pad with zeros."""
        return self.width if self.code.zero and not self.code.left else 0.0

    def sign(self, *, negative: bool) -> str:
        """The sign or space before the digits."""
        if negative:
            return "-"
        return "+" if self.code.plus else " " if self.code.blank else ""

    def signed(self, digits: str, zeros: float, least: float = 0.0, *, negative: bool) -> str:
        """Digits with their sign, padded to `zeros` with the sign and to `least` without it."""
        sign = self.sign(negative=negative)
        return sign + _filled(digits, max(zeros - len(sign), least))


def whole_text(layout: ConversionLayout, number: float) -> str:
    """`%d` and `%o` truncate, `%x` rounds down."""
    least = layout.precision or 0.0
    if layout.code.kind == "x":
        return _hexadecimal(layout, float(math.floor(number)), least)
    octal = layout.code.kind == "o"
    digits = _digits(float(math.floor(abs(number))), 8.0 if octal else 10.0)
    if octal and layout.code.alternative and digits != "0":
        digits = "0" + digits
    return layout.signed(digits, layout.zeros, least, negative=number <= -1.0)


def _hexadecimal(layout: ConversionLayout, number: float, least: float) -> str:
    sign = layout.sign(negative=number < 0.0)
    prefix = "0x" if layout.code.alternative else ""
    digits = _digits(abs(number), 16.0)
    text = prefix + _filled(digits, max(layout.zeros - len(sign) - len(prefix), least))
    return sign + (text.upper() if layout.code.capitals else text)


def fraction_text(layout: ConversionLayout, number: float) -> str:
    """`%f`, `%e` and `%g`.

    `%.0g` differs from C as in Jsonnet's own library, except for subnormal numbers.
    """
    precision = _PRECISION if layout.precision is None else layout.precision
    kind = layout.code.kind
    if kind == "f":
        return _decimal(layout, number, layout.zeros, precision, trailing=True)
    if kind == "e":
        return _scientific(layout, number, precision, trailing=True)
    if 0.0 < abs(number) < sys.float_info.min:
        precision = max(precision, 1.0)
    exponent = _exponent(number)
    trailing = layout.code.alternative
    if exponent < -4 or exponent >= precision:
        return _scientific(layout, number, precision - 1, trailing=trailing)
    places = precision - max(1.0, exponent + 1)
    return _decimal(layout, number, layout.zeros, places, trailing=trailing)


def _decimal(
    layout: ConversionLayout, number: float, zeros: float, places: float, *, trailing: bool
) -> str:
    """A number with `places` decimals; without trailing zeros if not `trailing`."""
    denominator = _power_of_ten(places)
    numerator = finite(finite(abs(number) * denominator) + 0.5)
    whole = _digits(float(math.floor(numerator / denominator)) if number else 0.0, 10.0)
    fraction = math.fmod(math.floor(numerator), denominator)
    pointed = layout.code.alternative
    point = 0 if places == 0 and not pointed else 1
    text = layout.signed(whole, zeros - places - point, negative=number < 0.0)
    if places == 0:
        return text + ("." if pointed else "")
    if not trailing and fraction <= 0:
        return text
    digits = _filled(_digits(fraction, 10.0), places)
    return f"{text}.{digits if trailing else digits.rstrip('0')}"


def _scientific(layout: ConversionLayout, number: float, places: float, *, trailing: bool) -> str:
    exponent = _exponent(number)
    digits = _digits(abs(exponent), 10.0).rjust(2, "0")
    suffix = f"{'E' if layout.code.capitals else 'e'}{'-' if exponent < 0 else '+'}{digits}"
    if exponent == _SMALLEST_EXPONENT:
        mantissa = number * 10.0 / _power_of_ten(exponent + 1)
    else:
        mantissa = number / _power_of_ten(exponent)
    return (
        _decimal(layout, mantissa, layout.zeros - len(suffix), places, trailing=trailing) + suffix
    )


def _power_of_ten(exponent: float) -> float:
    """A power of ten; an EvaluationError if it is too large."""
    try:
        return power(10.0, exponent)
    except OverflowError:
        return finite(math.inf)


def _exponent(number: float) -> float:
    """The power of ten of a number by logarithms: 2 for 1000."""
    if number == 0.0:
        return 0.0
    return float(math.floor(natural_log(abs(number)) / natural_log(10.0)))


def _filled(digits: str, width: float) -> str:
    """Digits with zeros before them."""
    return "0" * max(math.ceil(width - len(digits)), 0) + digits


def _digits(magnitude: float, base: float) -> str:
    """The digits of a number in base 8, 10 or 16, the last one computed first.

    The number is whole, except after a negative precision (`%.0g`): its fraction is a digit then.
    """
    if magnitude < _EXACT and magnitude.is_integer():
        return format(int(magnitude), {8.0: "o", 10.0: "d", 16.0: "x"}[base])
    digits: list[str] = []
    while magnitude:
        remainder = math.fmod(magnitude, base)
        whole = remainder.is_integer()
        digits.append(_HEXADECIMAL[int(remainder)] if whole else number_text(remainder))
        magnitude = float(math.floor(magnitude / base))
    return "".join(reversed(digits))

"""Numbers as text, by the two rules of go-jsonnet: for strings and for manifested documents."""

from __future__ import annotations


def number_text(value: float) -> str:
    """A number inside a string: whole numbers in full, others with 17 digits.

    `0.1` is `0.10000000000000001`, 1e21 prints all its digits, negative zero keeps its sign.
    """
    if value.is_integer():
        return f"{value:.0f}"
    return f"{value:.17g}"


def shortest_text(value: float) -> str:
    """The shortest digits with the same double value, without an exponent."""
    if value.is_integer():
        return _whole_text(value)
    digits, _, exponent = repr(abs(value)).partition("e")
    sign = "-" if value < 0 else ""
    if not exponent:
        return sign + digits
    whole, _, fraction = digits.partition(".")
    zeros = -int(exponent) - len(whole)
    return f"{sign}0.{'0' * zeros}{whole}{fraction}"


def _whole_text(value: float) -> str:
    """A whole number: its shortest digits, then zeros up to the decimal point."""
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits.partition(".")[0]
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.lstrip("-").partition(".")
    return sign + (whole + fraction).ljust(len(whole) + int(exponent), "0")

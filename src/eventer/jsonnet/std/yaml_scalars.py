"""Scalars of YAML as go-yaml 2 resolves them: YAML 1.1 without numbers in base 60.

`yes` and `on` are true, `010` is 8, and dates stay strings.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Final, TypeAlias

from eventer.jsonnet.std.byte_codecs import decode_base64, decode_utf8
from eventer.jsonnet.std.yaml_nodes import Scalar, yaml_error

YamlScalar: TypeAlias = bool | int | float | str | None

_TAG: Final = "tag:yaml.org,2002:"
_TYPED_TAGS: Final = {_TAG + name for name in ("bool", "int", "float", "null", "timestamp")}
_WORDS: Final[dict[str, YamlScalar]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_SIGN_IN_BINARY = re.compile("^0b([-+])")
"""go-yaml also reads `0b-1`, as -1."""

_DIGITS: Final = 20
"""The decimal digits of the largest integer, 2^64 - 1."""

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"([Tt]\d\d?:\d\d?:\d\d?(\.\d+)?(Z|[-+]\d\d:\d\d)| +\d\d?:\d\d?:\d\d?(\.\d+)?)?",
    re.ASCII,
)


def is_merge_key(key: Scalar) -> bool:
    """Whether a key is `<<`, whose value gives its own fields to the mapping."""
    return key.text == "<<" and (key.plain or key.tag == _TAG + "merge")


def scalar_value(node: Scalar) -> YamlScalar:
    """A scalar's value: a quoted one is a string, the text of a plain one decides its type.

    Raises:
        yaml.MarkedYAMLError: the text does not fit the tag.
    """
    if not node.tag and not node.plain:
        return node.text
    if node.tag == _TAG + "binary":
        return _binary(node)
    if node.tag and node.tag not in _TYPED_TAGS:
        return node.text
    value = _resolve(node.text)
    kind = node.tag.removeprefix(_TAG)
    if kind and not _fits(kind, node.text, value):
        raise yaml_error(f"'{node.text}' is not a valid {kind}", node.mark)
    if kind == "timestamp":
        return node.text
    return float(value) if kind == "float" and isinstance(value, int) else value


def _fits(kind: str, text: str, value: YamlScalar) -> bool:
    """Whether the value of a text has the type that its tag names."""
    if kind == "timestamp":
        return _is_timestamp(text)
    if kind == "null":
        return value is None
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) if kind == "int" else isinstance(value, int | float)


def _resolve(text: str) -> YamlScalar:
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return _finite(text.replace("_", ""), text) if _POINT_FLOAT.fullmatch(text) else text
    if first not in "+-0123456789":
        return text
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is not None:
        return number
    return _finite(digits, text) if _FLOAT.fullmatch(digits) else text


def _finite(digits: str, text: str) -> float | str:
    """A decimal number; one that overflows stays a string."""
    number = float(digits)
    return text if math.isinf(number) else number


def _integer(digits: str) -> int | None:
    """An integer of 64 bits with or without a sign, in the bases of Go's literals."""
    match = _INTEGER.fullmatch(_SIGN_IN_BINARY.sub(r"\g<1>0b", digits))
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    elif octal:
        number = int(octal, 8)
    elif len(decimal) <= _DIGITS:
        number = int(decimal)
    else:
        return None
    if sign == "-":
        return -number if number <= 1 << 63 else None
    return number if number < 1 << (63 if sign else 64) else None


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]) or 4, int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _binary(node: Scalar) -> str:
    try:
        return decode_utf8(decode_base64(node.text))
    except ValueError:
        raise yaml_error("the text of !!binary is not valid Base64", node.mark) from None

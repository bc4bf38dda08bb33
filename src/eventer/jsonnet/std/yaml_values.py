"""YAML as JSON values, as go-jsonnet's `std.parseYaml` reads it: YAML 1.1, then JSON.

`yes` and `on` are true, `010` is 8, dates stay strings, keys become strings, merge keys (`<<`) are
carried out. A text with `---` at the beginning of a line is a list of its documents.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

from eventer.core.errors import EvaluationError
from eventer.jsonnet.std.byte_codecs import decode_base64, decode_utf8
from eventer.jsonnet.std.number_text import shortest_text
from eventer.jsonnet.std.yaml_tree import (
    Alias,
    Mapping,
    Scalar,
    Sequence,
    YamlNode,
    parse_document,
)

Json: TypeAlias = "bool | float | str | list[Json] | dict[str, Json] | None"
Resolved: TypeAlias = bool | int | float | str | None
_Value: TypeAlias = "Resolved | list[Json] | dict[str, Json]"
"""A value that may still be an int, as keys want it."""


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SEPARATOR = re.compile(r"---(?=[ \t\n]|$)")
_TAG: Final = "tag:yaml.org,2002:"
_TYPED_TAGS: Final = {_TAG + name for name in ("bool", "int", "float", "null", "timestamp")}
_WORDS: Final[dict[str, Resolved]] = {
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
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"([Tt]\d\d?:\d\d?:\d\d?(\.\d+)?(Z|[-+]\d\d:\d\d)| +\d\d?:\d\d?:\d\d?(\.\d+)?)?"
)


def parse_yaml(text: str, charge: Callable[[float], None], steps: Callable[[int], None]) -> Json:
    """The value of a YAML text; `charge` is told of every value made, `steps` of every token.

    Both may refuse.

    Raises:
        EvaluationError: the text is no YAML, or has no value in JSON (infinities, keys that are
            null or collections).
    """
    documents, stream = _documents(text)
    values = [_document(document, charge, steps) for document in documents]
    if stream:
        return values
    return values[0] if values else None


def _documents(text: str) -> tuple[list[str], bool]:
    """The texts of the documents, and whether a `---` makes them a stream."""
    documents: list[str] = []
    lines: list[str] = []
    stream = False
    for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else ():
        if _SEPARATOR.match(line):
            stream = True
            if lines:
                documents.append("\n".join([*lines, ""]))
                lines = []
        lines.append(line)
    if lines:
        documents.append("\n".join([*lines, ""]))
    return documents, stream


def _document(text: str, charge: Callable[[float], None], steps: Callable[[int], None]) -> Json:
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        raise EvaluationError(
            f"failed to parse YAML: control character U+{ord(bad.group()):04X} is not allowed"
        )
    node = parse_document(text, steps)
    return None if node is None else _Decoder(charge).value(node)


class _Decoder:
    """Nodes to values; a document that mostly consists of aliases is refused."""

    def __init__(self, charge: Callable[[float], None]) -> None:
        self._charge = charge
        self._decoded = 0
        self._from_aliases = 0
        self._open: list[Alias] = []

    def value(self, node: YamlNode) -> Json:
        resolved = self._value(node)
        if isinstance(resolved, int | float) and not isinstance(resolved, bool):
            if not math.isfinite(resolved):
                raise EvaluationError("failed to parse YAML: NaN and infinity are not JSON numbers")
            return float(resolved)
        return resolved

    def _value(self, node: YamlNode) -> _Value:
        self._count()
        if isinstance(node, Alias):
            return self._alias(node)
        if isinstance(node, Scalar):
            return _scalar(node)
        if isinstance(node, Sequence):
            return [self.value(item) for item in node.items]
        return self._mapping(node)

    def _count(self) -> None:
        self._charge(1)
        self._decoded += 1
        if self._open:
            self._from_aliases += 1
        many = self._from_aliases > 100 and self._decoded > 1000
        if many and self._from_aliases / self._decoded > _allowed_ratio(self._decoded):
            raise EvaluationError("failed to parse YAML: the document has too many aliases")

    def _alias(self, node: Alias) -> _Value:
        if node in self._open:
            raise EvaluationError("failed to parse YAML: an anchored value contains itself")
        self._open.append(node)
        value = self._value(node.target)
        self._open.pop()
        return value

    def _mapping(self, node: Mapping) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        for key, value in node.pairs:
            if isinstance(key, Scalar) and key.text == "<<" and _merges(key):
                self._merge(value, fields)
            else:
                name = _key_text(self._value(key))
                fields[name] = self.value(value)
        return fields

    def _merge(self, value: YamlNode, fields: dict[str, Json]) -> None:
        """The fields of a mapping, or of a list of mappings, the earlier ones first."""
        for source in reversed(value.items) if isinstance(value, Sequence) else (value,):
            target = source.target if isinstance(source, Alias) else source
            if not isinstance(target, Mapping):
                raise EvaluationError(
                    "failed to parse YAML: '<<' needs a mapping or a list of mappings"
                )
            merged = self._value(source)
            if isinstance(merged, dict):
                fields.update(merged)


def _allowed_ratio(decoded: int) -> float:
    """How much may come from aliases: 99 % of 400,000 values, falling to 10 % of 4,000,000."""
    share = min(max((decoded - 400_000) / 3_600_000, 0.0), 1.0)
    return 0.99 - 0.89 * share


def _merges(key: Scalar) -> bool:
    return key.plain or key.tag == _TAG + "merge"


def _key_text(key: _Value) -> str:
    """A key as JSON has it: numbers with single precision, as go-jsonnet does."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int) and key < 1 << 63:
        return str(key)
    if isinstance(key, float):
        return _float_key(key)
    raise EvaluationError("failed to parse YAML: a key must be a string, a number or a boolean")


def _float_key(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    try:
        single = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isinf(single):
        return "-.inf" if single < 0 else ".inf"
    candidates = (f"{single:.{places}e}" for places in range(9))
    digits = next(text for text in candidates if _is_single(text, single))
    mantissa, _, exponent = digits.partition("e")
    if -4 <= int(exponent) < 6:
        return shortest_text(float(digits))
    return f"{mantissa}e{exponent}"


def _is_single(digits: str, single: float) -> bool:
    """Whether digits read back as a number of single precision."""
    try:
        return struct.pack("<f", float(digits)) == struct.pack("<f", single)
    except OverflowError:
        return False


def _scalar(node: Scalar) -> Resolved:
    """A scalar's value: strings as they are, plain ones by what they look like."""
    if not node.tag and not node.plain:
        return node.text
    if node.tag == _TAG + "binary":
        return _binary(node.text)
    if node.tag and node.tag not in _TYPED_TAGS:
        return node.text
    value = _resolve(node.text)
    kind = node.tag.removeprefix(_TAG)
    if kind and not _fits(kind, node.text, value):
        raise EvaluationError(f"failed to parse YAML: '{node.text}' is not a {kind}")
    if kind == "timestamp":
        return node.text
    return float(value) if kind == "float" and isinstance(value, int) else value


def _fits(kind: str, text: str, value: Resolved) -> bool:
    """Whether what a text looks like is what its tag says."""
    if kind == "timestamp":
        return _is_timestamp(text)
    if kind == "null":
        return value is None
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) if kind == "int" else isinstance(value, int | float)


def _resolve(text: str) -> Resolved:
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


def _finite(digits: str, text: str) -> Resolved:
    """A decimal number; one that overflows is just a string."""
    number = float(digits)
    return text if math.isinf(number) else number


def _integer(digits: str) -> int | None:
    """An integer of 64 bits with or without a sign, in the bases of Go's literals."""
    match = _INTEGER.fullmatch(digits)
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    else:
        number = int(octal, 8) if octal else int(decimal)
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


def _binary(text: str) -> str:
    try:
        return decode_utf8(decode_base64(text))
    except ValueError:
        raise EvaluationError("failed to parse YAML: !!binary without valid Base64") from None

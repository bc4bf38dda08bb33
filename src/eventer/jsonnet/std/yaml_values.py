"""YAML as JSON values, as go-jsonnet's `std.parseYaml` reads it.

Keys become strings, and merge keys (`<<`) are carried out. If a line of the text begins with `---`,
the value is a list of the documents.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import yaml

from eventer.core.errors import EvaluationError
from eventer.jsonnet.std.json_reader import Json
from eventer.jsonnet.std.number_text import shortest_text
from eventer.jsonnet.std.yaml_nodes import (
    Alias,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    YamlNode,
    parse_document,
    yaml_error,
)
from eventer.jsonnet.std.yaml_scalars import YamlScalar, is_merge_key, scalar_value

_Value: TypeAlias = "YamlScalar | list[Json] | dict[str, Json]"
"""A value whose integers are still int, because keys print them differently."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SEPARATOR = re.compile(r"---(?=[ \t\n]|$)")


def parse_yaml(text: str, charge: Callable[[float], None], steps: Callable[[int], None]) -> Json:
    """The value of a YAML text.

    `charge` is called for each value, `steps` for the steps of parsing; both may raise.

    Raises:
        EvaluationError: the text is not valid YAML, or has no value in JSON (infinities, keys that
            are null or collections).
    """
    documents, is_stream = _documents(text)
    values = [_document(line, document, charge, steps) for line, document in documents]
    if is_stream:
        return values
    return values[0] if values else None


def _documents(text: str) -> tuple[list[tuple[int, str]], bool]:
    """The first line and the text of each document, and whether a `---` makes them a stream."""
    if not text:
        return [], False
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    separators = [number for number, line in enumerate(lines) if _SEPARATOR.match(line)]
    bounds = [*sorted({0, *separators}), len(lines)]
    documents = [(start, "\n".join([*lines[start:end], ""])) for start, end in pairwise(bounds)]
    return documents, bool(separators)


def _document(
    first_line: int, text: str, charge: Callable[[float], None], steps: Callable[[int], None]
) -> Json:
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        raise EvaluationError(
            f"failed to parse YAML: control character U+{ord(bad.group()):04X} is not allowed"
        )
    try:
        node = parse_document(text, steps)
        return None if node is None else _Decoder(charge).value(node)
    except yaml.MarkedYAMLError as error:
        problem = f"{error.problem} at {_place(first_line, error.problem_mark)}"
        if error.context:
            problem += f", {error.context} from {_place(first_line, error.context_mark)}"
        raise EvaluationError(f"failed to parse YAML: {problem}") from None


def _place(first_line: int, mark: Mark) -> str:
    return f"line {first_line + mark.line + 1}, column {mark.column + 1}"


class _Decoder:
    """Nodes to values; it refuses a document that mostly consists of aliases."""

    def __init__(self, charge: Callable[[float], None]) -> None:
        self._charge = charge
        self._decoded = 0
        self._from_aliases = 0
        self._open: set[Alias] = set()

    def value(self, node: YamlNode) -> Json:
        """The value of a node and of all nodes below it.

        Raises:
            yaml.MarkedYAMLError: it has no value in JSON.
        """
        value = self._value(node)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isfinite(value):
                raise yaml_error("NaN and infinity are not JSON numbers", node.mark)
            return float(value)
        return value

    def _value(self, node: YamlNode) -> _Value:
        self._count(node.mark)
        if isinstance(node, Alias):
            return self._alias(node)
        if isinstance(node, Scalar):
            return scalar_value(node)
        if isinstance(node, Sequence):
            return [self.value(item) for item in node.items]
        return self._mapping(node)

    def _count(self, mark: Mark) -> None:
        self._charge(1)
        self._decoded += 1
        if self._open:
            self._from_aliases += 1
        many = self._from_aliases > 100 and self._decoded > 1000
        if many and self._from_aliases / self._decoded > _allowed_ratio(self._decoded):
            raise yaml_error("the document has too many aliases", mark)

    def _alias(self, node: Alias) -> _Value:
        if node in self._open:
            raise yaml_error("an anchored value contains itself", node.mark)
        self._open.add(node)
        value = self._value(node.target)
        self._open.remove(node)
        return value

    def _mapping(self, node: Mapping) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        for key, value in node.pairs:
            if isinstance(key, Scalar) and is_merge_key(key):
                self._merge(value, fields)
            else:
                name = _key_text(self._value(key), key.mark)
                fields[name] = self.value(value)
        return fields

    def _merge(self, value: YamlNode, fields: dict[str, Json]) -> None:
        """Adds the fields of a mapping, or of a list of mappings, in which the first one wins."""
        for source in reversed(value.items) if isinstance(value, Sequence) else (value,):
            target = source.target if isinstance(source, Alias) else source
            if not isinstance(target, Mapping):
                raise yaml_error("'<<' needs a mapping or a list of mappings", source.mark)
            merged = self._value(source)
            if isinstance(merged, dict):
                fields.update(merged)


def _allowed_ratio(decoded: int) -> float:
    """The largest share of aliases: 99 % of 400,000 values, falling to 10 % of 4,000,000."""
    share = min(max((decoded - 400_000) / 3_600_000, 0.0), 1.0)
    return 0.99 - 0.89 * share


def _key_text(key: _Value, mark: Mark) -> str:
    """A key as JSON has it: numbers with single precision, as go-jsonnet does."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int) and key < 1 << 63:
        return str(key)
    if isinstance(key, float):
        return _float_key(key)
    raise yaml_error("a key must be a string, a number or a boolean", mark)


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

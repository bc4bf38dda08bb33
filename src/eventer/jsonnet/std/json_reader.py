"""JSON as values, as `std.parseJson` reads it: strict JSON; the last of equal keys wins."""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn, TypeAlias

from eventer.core.errors import EvaluationError
from eventer.core.json_errors import json_problem

Json: TypeAlias = "bool | float | str | list[Json] | dict[str, Json] | None"

_DEPTH: Final = 1_000
"""The deepest nesting of collections. Python's reader exhausts the stack at a greater depth."""

_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(text: str) -> Json:
    """The value of a JSON text; escapes of unpaired surrogates become U+FFFD.

    Raises:
        EvaluationError: the text is not valid JSON, or has a number too large for a double.
    """
    if text.count("[") + text.count("{") > _DEPTH:
        _check_depth(text)
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise EvaluationError(f"failed to parse JSON: {json_problem(error)} at {place}") from None
    return _replace_surrogates(value) if "\\u" in text else value


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        bracket = match.group()[0]
        depth += (bracket in "[{") - (bracket in "]}")
        if depth > _DEPTH:
            raise EvaluationError(f"failed to parse JSON: nested more than {_DEPTH:,} levels deep")


def _number(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise EvaluationError(f"failed to parse JSON: {digits} is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise EvaluationError(f"failed to parse JSON: {name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_constant)


def _replace_surrogates(value: Json) -> Json:
    """The value without unpaired surrogates, which are not characters."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _SURROGATE.sub("\ufffd", name): _replace_surrogates(item)
            for name, item in value.items()
        }
    return value

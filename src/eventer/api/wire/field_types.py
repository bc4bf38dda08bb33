"""Types of request fields and their error texts: ids, intervals, instants, base64, variables.

`core/duration.py` has the texts about the format of intervals.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Annotated, NoReturn, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from eventer.core.duration import (
    GREEK_MU,
    MICRO_SIGN,
    DurationError,
    parse_duration,
    parse_positive_duration,
)
from eventer.core.errors import RequestError
from eventer.core.generator_name import (
    NAME_PATTERN,
    REFERENCE_PATTERN,
    name_fault,
)
from eventer.core.instant import parse_instant
from eventer.core.json_text import json_text
from eventer.core.limits import MAX_POPULATION, MAX_TICK_EVENTS
from eventer.core.model import JsonValue
from eventer.core.timelines import MAX_HORIZON_NS, parse_horizon

_DECIMAL = re.compile(r"[0-9]{1,20}")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_NOT_BASE64_HINT = "encode the template with `base64`, or send it as plain text in `template`"
_QUERY_INTEGER = re.compile(r"-?[0-9]{1,20}")
UINT64_LIMIT = 1 << 64


def fail_validation(
    message: str, hint: str | None = None, *, field: str | Sequence[str | int] | None = None
) -> NoReturn:
    """Makes pydantic report a fault at the value's place, or at a field or path below it."""
    context = {"text": message, "hint": hint, "field": field}
    raise PydanticCustomError("refused", "{text}", context)


def _text(value: object) -> str:
    if not isinstance(value, str):
        fail_validation("must be text")
    return value


def parse_unsigned(text: str) -> int | None:
    """The unsigned 64-bit integer of a decimal text; None if it is not one."""
    number = int(text) if _DECIMAL.fullmatch(text) else UINT64_LIMIT
    return number if number < UINT64_LIMIT else None


def _unsigned(value: object) -> int:
    number = parse_unsigned(str(value)) if type(value) in (int, str) else None
    if number is None:
        fail_validation("must be an unsigned 64-bit integer, as decimal text")
    return number


def _name(value: object) -> str:
    text = _text(value)
    if fault := name_fault(text):
        fail_validation(fault)
    return text


def _reference(value: object) -> int | str:
    """An id, or the name of a generator: a name never consists of digits only."""
    if isinstance(value, str) and name_fault(value) is None:
        return value
    number = parse_unsigned(str(value)) if type(value) in (int, str) else None
    if number is None:
        fail_validation("must be an id (an unsigned 64-bit integer, as decimal text) or a name")
    return number


def _interval(value: object) -> int:
    return _duration(parse_positive_duration, value)


def _duration(parse: Callable[[str], int], value: object) -> int:
    text = _text(value)
    try:
        return parse(text)
    except DurationError as error:
        fail_validation(error.message, error.hint)


def _delay(value: object) -> int:
    nanoseconds = _duration(parse_duration, value)
    if not 0 <= nanoseconds <= MAX_HORIZON_NS:
        fail_validation("must be between 0s and 24h")
    return nanoseconds


def _horizon(value: object) -> int:
    try:
        return parse_horizon(_text(value))
    except RequestError as error:
        fail_validation(error.message)


def _instant(value: object) -> int:
    try:
        return parse_instant(_text(value))
    except RequestError as error:
        fail_validation(error.message)


def _variables(value: object) -> str:
    if not isinstance(value, dict):
        fail_validation("must be an object")
    variables: JsonValue = value
    return json_text(variables)


def _template(value: object) -> str:
    """Decodes base64; accepts white space, missing padding and the URL-safe alphabet."""
    plain = re.sub(r"\s+", "", _text(value)).translate(str.maketrans("-_", "+/")).rstrip("=")
    if odd := _NOT_BASE64.search(plain):
        fail_validation(f"is not base64: it contains {odd.group()!r}", _NOT_BASE64_HINT)
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        fail_validation("is not base64: the length is not valid", _NOT_BASE64_HINT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail_validation(f"decodes to text that is not UTF-8 (byte {error.start})")


def _query_integer(value: object) -> object:
    if isinstance(value, str) and not _QUERY_INTEGER.fullmatch(value):
        fail_validation("must be an integer")
    return value


def _query_flag(value: object) -> object:
    flag = _FLAGS.get(value.lower()) if isinstance(value, str) else value
    if flag is None:
        fail_validation("must be true or false")
    return flag


_UNSIGNED_TEXT = {"type": "string", "pattern": "^[0-9]{1,20}$"}
_NAME_SCHEMA = {"type": "string", "pattern": NAME_PATTERN, "examples": ["new-orders"]}
_REFERENCE_TEXT = {"type": "string", "pattern": REFERENCE_PATTERN}
_REFERENCE_SCHEMA = {
    "anyOf": [_REFERENCE_TEXT, {"type": "integer", "minimum": 0}],
    "examples": ["1259418336236299", "new-orders"],
}
_UNSIGNED_SCHEMA = {
    "anyOf": [_UNSIGNED_TEXT, {"type": "integer", "minimum": 0}],
    "examples": ["1259418336236299"],
}
_DURATION = rf"\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|{MICRO_SIGN}s|{GREEK_MU}s|ms|s|m|h))+$"
_DURATION_PATTERN = rf"^{_DURATION}"
_INTERVAL_PATTERN = rf"^(?=.*[1-9]){_DURATION}"
_INSTANT_SCHEMA = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
    "examples": ["2026-01-01T00:00:00Z"],
}
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_FLAG_SCHEMA = {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["0", "1"]}]}

Unsigned: TypeAlias = Annotated[int, BeforeValidator(_unsigned), WithJsonSchema(_UNSIGNED_SCHEMA)]
GeneratorName: TypeAlias = Annotated[str, BeforeValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
Reference: TypeAlias = Annotated[
    int | str, BeforeValidator(_reference), WithJsonSchema(_REFERENCE_SCHEMA)
]
"""The id of a generator, or its name."""
QueryReference: TypeAlias = Annotated[
    int | str, BeforeValidator(_reference), WithJsonSchema(_REFERENCE_TEXT)
]
"""Query parameters are text: an id there cannot be a JSON number."""
QueryInteger: TypeAlias = Annotated[int, BeforeValidator(_query_integer)]
QueryFlag: TypeAlias = Annotated[bool, BeforeValidator(_query_flag), WithJsonSchema(_FLAG_SCHEMA)]
Interval: TypeAlias = Annotated[
    int,
    BeforeValidator(_interval),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": _INTERVAL_PATTERN,
            "examples": ["10s", "1h30m", "250ms"],
        }
    ),
]
Horizon: TypeAlias = Annotated[
    int,
    BeforeValidator(_horizon),
    WithJsonSchema({"type": "string", "pattern": _INTERVAL_PATTERN, "examples": ["30m"]}),
]
Delay: TypeAlias = Annotated[
    int,
    BeforeValidator(_delay),
    WithJsonSchema({"type": "string", "pattern": _DURATION_PATTERN, "examples": ["10m"]}),
]
Instant: TypeAlias = Annotated[int, BeforeValidator(_instant), WithJsonSchema(_INSTANT_SCHEMA)]
Variables: TypeAlias = Annotated[
    str,
    BeforeValidator(_variables),
    WithJsonSchema({"type": "object", "examples": [{"region": "eu"}]}),
]
EncodedTemplate: TypeAlias = Annotated[
    str, BeforeValidator(_template), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=MAX_TICK_EVENTS)]
PopulationSize: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=MAX_POPULATION)]

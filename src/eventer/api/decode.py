"""Decodes request bodies as JSON.

Unlike the standard parser, it accepts raw line breaks inside strings, so that base64 can be pasted
with them. It rejects nesting beyond 64 levels, duplicate names, NaN and Infinity, numbers too large
for a double, and unpaired surrogates, which no destination can store.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from eventer.core.errors import Fault, RequestError
from eventer.core.pointer import format_pointer
from eventer.core.source import Place, Source

MAX_DEPTH = 64
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedJsonError(RequestError):
    """The body is not valid JSON; its fault says where."""


def decode(body: bytes) -> Any:
    """The value of a body.

    Raises:
        MalformedJsonError: it is not valid JSON, or rejected as above.
        RequestError: a name is duplicate, or a string contains an unpaired surrogate.
    """
    text = _text(body)
    _check_depth(text)
    try:
        value = json.loads(
            text,
            strict=False,
            object_pairs_hook=_unique_names,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_finite_int,
        )
    except json.JSONDecodeError as error:
        raise _malformed(error.msg, text, error.pos) from error
    if "\\u" in text:
        _check_strings(value)
    return value


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJsonError(
            f"the body is not UTF-8: byte {error.start} is {body[error.start]:#04x}"
        ) from error


def _malformed(message: str, text: str, offset: int) -> MalformedJsonError:
    source = Source("body", text)
    line, column = source.location(offset)
    place = Place("body", line, column, line, column + 1, source.line(line)[:200])
    said = message[0].lower() + message[1:]
    return MalformedJsonError("the body is not valid JSON", (Fault("", said, None, place),))


def _check_depth(text: str) -> None:
    depth = 0
    for match in _TOKEN.finditer(text):
        if match.group() in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _malformed(f"nested deeper than {MAX_DEPTH} levels", text, match.start())
        elif match.group() in "]}":
            depth -= 1


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(f"the name {twice!r} is defined twice in one object of the body")
    return result


def _refuse_constant(text: str) -> Any:
    raise MalformedJsonError(f"the body is not valid JSON: {text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MalformedJsonError(f"the number {text[:40]} in the body is too large for a double")
    return value


def _finite_int(text: str) -> int:
    if len(text) > 308:  # numbers with up to 308 digits always fit a double
        _finite(text)
    return int(text)


def _check_strings(value: object) -> None:
    faults = tuple(_unpaired_surrogates(value, ()))
    if faults:
        raise RequestError("the body contains unpaired surrogates", faults)


def _unpaired_surrogates(value: object, path: tuple[str | int, ...]) -> Iterator[Fault]:
    match value:
        case str() if _SURROGATE.search(value):
            yield Fault(format_pointer(path), "contains an unpaired surrogate (\\ud800 to \\udfff)")
        case dict():
            for name, inner in value.items():
                yield from _unpaired_surrogates(name, path)
                yield from _unpaired_surrogates(inner, (*path, name))
        case list():
            for number, inner in enumerate(value):
                yield from _unpaired_surrogates(inner, (*path, number))

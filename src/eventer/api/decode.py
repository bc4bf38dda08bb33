"""Decodes request bodies, and JSON of the command line.

Unlike the standard parser, it accepts raw line breaks inside strings, so that base64 can be pasted
with them. It rejects nesting beyond 64 levels, duplicate names, NaN and Infinity, numbers too large
for a double, and unpaired surrogates, which no destination can store.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from eventer.core.errors import Fault, RequestError
from eventer.core.json_errors import json_problem
from eventer.core.pointer import format_pointer
from eventer.core.source import Place, Source

MAX_DEPTH = 64
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedJsonError(RequestError):
    """The body is not valid JSON; its fault says where."""


def decode(body: bytes, what: str = "the body") -> Any:
    """The value of a body, which error messages call `what`.

    Raises:
        MalformedJsonError: it is not valid JSON, or rejected as above.
        RequestError: a name is duplicate, or a string contains an unpaired surrogate.
    """
    text = _text(body, what)
    _check_depth(text, what)
    try:
        value = json.loads(
            text,
            strict=False,
            object_pairs_hook=partial(_unique_names, what),
            parse_constant=partial(_refuse_constant, what),
            parse_float=partial(_finite, what),
            parse_int=partial(_finite_int, what),
        )
    except json.JSONDecodeError as error:
        raise _malformed(json_problem(error), text, error.pos, what) from error
    if "\\u" in text:
        _check_strings(value, what)
    return value


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJsonError(
            f"{what} is not UTF-8: byte {error.start} is {body[error.start]:#04x}"
        ) from error


def _malformed(message: str, text: str, offset: int, what: str) -> MalformedJsonError:
    name = what.removeprefix("the ")
    source = Source(name, text)
    line, column = source.location(offset)
    place = Place(name, line, column, line, column + 1, source.line(line)[:200])
    return MalformedJsonError(f"{what} is not valid JSON", (Fault("", message, None, place),))


def _check_depth(text: str, what: str) -> None:
    depth = 0
    for match in _TOKEN.finditer(text):
        if match.group() in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _malformed(
                    f"nested deeper than {MAX_DEPTH} levels", text, match.start(), what
                )
        elif match.group() in "]}":
            depth -= 1


def _unique_names(what: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(f"the name {twice!r} is defined twice in one object of {what}")
    return result


def _refuse_constant(what: str, text: str) -> Any:
    raise MalformedJsonError(f"{what} is not valid JSON: {text} is not a JSON number")


def _finite(what: str, text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MalformedJsonError(f"the number {text[:40]} in {what} is too large for a double")
    return value


def _finite_int(what: str, text: str) -> int:
    if len(text) > 308:  # numbers with up to 308 digits always fit a double
        _finite(what, text)
    return int(text)


def _check_strings(value: object, what: str) -> None:
    faults = tuple(_unpaired_surrogates(value, ()))
    if faults:
        raise RequestError(f"{what} contains unpaired surrogates", faults)


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

"""JSON pointers (RFC 6901), used by destination options and by faults of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from eventer.core.errors import RequestError
from eventer.core.model import JsonValue


class Absent:
    """The type of `ABSENT`: the pointer refers to nothing."""


ABSENT: Final = Absent()


def parse_pointer(text: str) -> tuple[str, ...]:
    """The reference tokens of a pointer; text without a leading `/` names a top-level field.

    Raises:
        RequestError: `~` is not followed by 0 or 1.
    """
    if not text.startswith("/"):
        return (text,) if text else ()
    return tuple(_unescape(token, text) for token in text[1:].split("/"))


def _unescape(token: str, whole: str) -> str:
    rest = token.replace("~0", "").replace("~1", "")
    if "~" in rest:
        raise RequestError(f"{whole!r} is not a JSON pointer: write ~0 for ~ and ~1 for /")
    return token.replace("~1", "/").replace("~0", "~")


def format_pointer(tokens: Sequence[str | int]) -> str:
    """The pointer with these reference tokens."""
    return "".join("/" + str(t).replace("~", "~0").replace("/", "~1") for t in tokens)


def resolve(value: JsonValue, tokens: Sequence[str]) -> JsonValue | Absent:
    """The value that the tokens refer to, or `ABSENT`."""
    for token in tokens:
        if isinstance(value, Mapping):
            if token not in value:
                return ABSENT
            value = value[token]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if not _is_index(token) or int(token) >= len(value):
                return ABSENT
            value = value[int(token)]
        else:
            return ABSENT
    return value


def _is_index(text: str) -> bool:
    return text == "0" or (text.isdecimal() and text.isascii() and text[0] != "0")

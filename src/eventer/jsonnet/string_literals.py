"""Decodes the escapes of string literals."""

from __future__ import annotations

import re
from typing import Final

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source, Span

_SHORT_ESCAPES: Final = {
    '"': '"',
    "'": "'",
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_CODE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")


def decode_escapes(source: Source, start: int, end: int) -> str:
    r"""The text between quotes, the characters [start, end) of a source.

    Two surrogates that are not a pair (`\ud83d\u0041`) become U+FFFD, as in go-jsonnet.

    Raises:
        TemplateSyntaxError: at an invalid escape.
    """
    text, parts, at = source.text, [], start
    while True:
        slash = text.find("\\", at, end)
        if slash < 0:
            parts.append(text[at:end])
            return "".join(parts)
        decoded, after = _escape(source, slash, end)
        parts += (text[at:slash], decoded)
        at = after


def _escape(source: Source, slash: int, end: int) -> tuple[str, int]:
    letter = source.text[slash + 1]
    if letter in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[letter], slash + 2
    if letter != "u":
        raise TemplateSyntaxError(
            f"there is no escape \\{letter}" if letter.isprintable() else "there is no such escape",
            Span(source, slash, slash + 2),
            hint=r'write \\ for a backslash, or a verbatim string @"…"',
        )
    code = _code(source, slash, end)
    if not 0xD800 <= code <= 0xDFFF:
        return chr(code), slash + 6
    return _pair(code, _code(source, slash + 6, end, of_pair=slash)), slash + 12


def _code(source: Source, slash: int, end: int, *, of_pair: int | None = None) -> int:
    match = _CODE.match(source.text, slash, end)
    if match is not None:
        return int(match.group(1), 16)
    if of_pair is not None:
        raise TemplateSyntaxError(
            f"{source.text[of_pair:slash]} is an unpaired surrogate",
            Span(source, of_pair, slash),
        )
    raise TemplateSyntaxError(
        r"four hexadecimal digits must follow \u", Span(source, slash, min(slash + 6, end))
    )


def _pair(high: int, low: int) -> str:
    if high < 0xDC00 <= low <= 0xDFFF:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return "\ufffd"

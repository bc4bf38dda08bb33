"""Strings written for other languages: JSON, Python, Bash, Make-like dollars, XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from eventer.core.json_text import escape
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.values import Value

_JSON = re.compile('["\\\\\x00-\x1f\x7f-\x9f]')
_COMPACT = re.compile('["\\\\\x00-\x1f\u2028\u2029]')
_XML: Final = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;"})
_LONGEST: Final = 6
"""The most that one character becomes."""


def json_escaped(text: str) -> str:
    """The inside of a JSON string, with all control characters escaped, 0x7f to 0x9f too."""
    return _JSON.sub(escape, text)


def go_json_escaped(text: str) -> str:
    """The same as Go writes it: controls below 0x20 and the Unicode line separators escaped."""
    return _COMPACT.sub(escape, text)


def json_quoted(call: Call, text: str) -> str:
    """A string in double quotes, with all control characters escaped; paid for."""
    pieces: list[str] = []
    for piece in call.pieces(text):
        pieces.append(json_escaped(piece))
        call.bytes(len(pieces[-1]))
    return f'"{"".join(pieces)}"'


def changed(call: Call, text: str, change: Callable[[str], str]) -> str:
    """A text changed character by character, in pieces that are paid for."""
    return "".join([change(piece) for piece in call.pieces(text)])


def _escaped(call: Call, value: Value, change: Callable[[str], str]) -> str:
    """The text of a value with its escapes, the room for which is paid before."""
    text = call.to_string(value)
    call.bytes(_LONGEST * len(text))
    return changed(call, text, change)


@function("escapeStringJson", strict("str_"))
def escape_json(call: Call, value: Value) -> Value:
    """As a JSON string."""
    return f'"{_escaped(call, value, json_escaped)}"'


@function("escapeStringPython", strict("str"))
def escape_python(call: Call, value: Value) -> Value:
    """As a Python string."""
    return f'"{_escaped(call, value, json_escaped)}"'


@function("escapeStringBash", strict("str_"))
def escape_bash(call: Call, value: Value) -> Value:
    """In single quotes, for a shell."""
    return "'" + _escaped(call, value, lambda text: text.replace("'", "'\"'\"'")) + "'"


@function("escapeStringDollars", strict("str_"))
def escape_dollars(call: Call, value: Value) -> Value:
    """With each dollar doubled."""
    return _escaped(call, value, lambda text: text.replace("$", "$$"))


@function("escapeStringXML", strict("str_"))
def escape_xml(call: Call, value: Value) -> Value:
    """With XML's five special characters as entities."""
    return _escaped(call, value, lambda text: text.translate(_XML))

"""Escapes for other languages: JSON, Python, Bash, doubled dollars, XML."""

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
"""The longest escape of one character."""


def json_escaped(text: str) -> str:
    """The content of a JSON string; control characters from 0x7f to 0x9f are escaped too."""
    return _JSON.sub(escape, text)


def go_json_escaped(text: str) -> str:
    """The same as in Go: controls below 0x20 and the Unicode line separators are escaped."""
    return _COMPACT.sub(escape, text)


def json_quoted(call: Call, text: str) -> str:
    """A string in double quotes, with all control characters escaped; charged."""
    pieces: list[str] = []
    for piece in call.meter.charged_pieces(text):
        pieces.append(json_escaped(piece))
        call.meter.charge_bytes(len(pieces[-1]))
    return f'"{"".join(pieces)}"'


def changed(call: Call, text: str, change: Callable[[str], str]) -> str:
    """A text changed character by character, charged in pieces."""
    return "".join([change(piece) for piece in call.meter.charged_pieces(text)])


def _escape(name: str, change: Callable[[str], str], quote: str = "", param: str = "str_") -> None:
    """Declares a function that escapes the text of a value, between two quotes.

    The longest possible result is charged before.
    """

    def implementation(call: Call, value: Value) -> Value:
        text = call.to_string(value)
        call.meter.charge_bytes(_LONGEST * len(text))
        return f"{quote}{changed(call, text, change)}{quote}"

    function(name, strict(param))(implementation)


_escape("escapeStringJson", json_escaped, '"')
_escape("escapeStringPython", json_escaped, '"', "str")
_escape("escapeStringBash", lambda text: text.replace("'", "'\"'\"'"), "'")
_escape("escapeStringDollars", lambda text: text.replace("$", "$$"))
_escape("escapeStringXML", lambda text: text.translate(_XML))

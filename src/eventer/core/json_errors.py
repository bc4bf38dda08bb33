"""What is wrong with a text that is not JSON, without the words of Python's parser."""

from __future__ import annotations

import json
from typing import Final

_LOOK_BACK: Final = 1_000
_COMMA: Final = "a comma precedes a closing bracket"
_PROBLEMS: Final = {
    "Expecting value": "a value is missing or not valid",
    "Expecting property name enclosed in double quotes": "a field name must be in double quotes",
    "Expecting ':' delimiter": "':' is missing after a field name",
    "Expecting ',' delimiter": "',' or a closing bracket is missing",
    "Illegal trailing comma before end of object": _COMMA,
    "Illegal trailing comma before end of array": _COMMA,
    "Extra data": "text follows the value",
    "Unterminated string starting at": "the string has no closing quote",
    "Invalid control character at": "write control characters in a string as \\n or \\u0000",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits",
}
_ESCAPE: Final = "a string contains an unknown escape: write \\\\ for a backslash"


def json_problem(error: json.JSONDecodeError) -> str:
    """What is wrong at the place of an error of the standard library, in plain words."""
    if error.msg.startswith("Invalid \\escape"):
        return _ESCAPE
    if error.doc[error.pos : error.pos + 1] in {"}", "]"} and _before(error).endswith(","):
        return _COMMA
    return _PROBLEMS.get(error.msg, "the text is not JSON")


def _before(error: json.JSONDecodeError) -> str:
    """What precedes the place of an error, up to white space."""
    return error.doc[max(0, error.pos - _LOOK_BACK) : error.pos].rstrip()

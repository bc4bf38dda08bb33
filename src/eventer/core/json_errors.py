"""What is wrong with a text that is not JSON, without the words of Python's parser."""

from __future__ import annotations

import json
from typing import Final

_PROBLEMS: Final = {
    "Expecting value": "a value is missing or not valid",
    "Expecting property name enclosed in double quotes": "a field name must be in double quotes",
    "Expecting ':' delimiter": "':' is missing after a field name",
    "Expecting ',' delimiter": "',' or a closing bracket is missing",
    "Illegal trailing comma before end of object": "a comma precedes a closing bracket",
    "Illegal trailing comma before end of array": "a comma precedes a closing bracket",
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
    return _PROBLEMS.get(error.msg, "the text is not JSON")

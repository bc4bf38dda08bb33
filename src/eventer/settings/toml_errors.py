"""What is wrong with a text that is not TOML, without the words of Python's parser."""

from __future__ import annotations

import re
import tomllib
from typing import Final

_LOCATION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_QUOTES: Final = "the value is missing or not valid: texts need quotes"
_ESCAPE: Final = r"a text has an unknown escape: write \\ for a backslash, or use single quotes"
_TWICE: Final = "the setting or table is defined twice"
_PROBLEMS: Final = (
    ("Invalid statement", "a setting is written as name = value"),
    ("Expected newline or end of document", "text follows the value"),
    ("Expected '=' after a key", "'=' is missing after the name of a setting"),
    ("Invalid initial character for a key part", "the name of a setting is missing or not valid"),
    ("Invalid value", _QUOTES),
    ("Invalid date", "the date is not valid"),
    ("Invalid hex value", _ESCAPE),
    ("Escaped character is not a Unicode scalar", _ESCAPE),
    ("Unescaped '\\'", _ESCAPE),
    ("Unterminated string", "the text has no closing quote"),
    ("Expected '\"", "the text has no closing quote"),
    ("Expected \"'", "the text has no closing quote"),
    ("Illegal character '\\n'", "the text has no closing quote"),
    ("Illegal character", "a control character must be written as an escape, such as \\t"),
    ("Found invalid character", "a comment or text contains a control character"),
    ("Unclosed array", "',' or the closing ']' of a list is missing"),
    ("Unclosed inline table", "',' or the closing '}' is missing"),
    ("Expected ']", "the closing ']' of a table's name is missing"),
    ("Duplicate inline table key", _TWICE),
    ("Cannot declare", _TWICE),
    ("Cannot overwrite a value", _TWICE),
    ("Cannot mutate immutable namespace", _TWICE),
    ("Cannot redefine namespace", _TWICE),
)
"""The beginnings of messages of the standard library, each with our words; the first one holds."""


def toml_problem(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """The line of an error of the standard library, and what is wrong there in plain words."""
    message = str(error)
    location = _LOCATION.search(message)
    line = int(location[1]) if location and location[1] else _last_line(text)
    problems = (ours for theirs, ours in _PROBLEMS if message.startswith(theirs))
    return line, next(problems, "the line is not valid TOML")


def _last_line(text: str) -> int:
    """The number of the last line that is not empty."""
    return max(1, text.rstrip().count("\n") + 1)

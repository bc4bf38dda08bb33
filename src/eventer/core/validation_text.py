"""Messages for values that do not fit their declared type, for requests and settings alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_OBJECT: Final = "must be an object"
_LIST: Final = "must be a list"
_INTEGER: Final = "must be an integer"
_NUMBER: Final = "must be a number"
_BOOLEAN: Final = "must be true or false"
_CHOICE: Final = "must be {expected}"

_MESSAGES: Final = {
    "missing": "is missing",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": "must be text",
    "path_type": "must be the path of a file or folder",
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "union_tag_invalid": "must be one of {expected_tags}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} character",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} item",
    "too_long": "must have at most {max_length} items",
}


def validation_message(detail: Mapping[str, Any]) -> str:
    """The message for an error that pydantic reports; an error of ours has it in `text`."""
    context = detail.get("ctx") or {}
    message = _MESSAGES.get(detail["type"])
    if message is None:
        return str(context.get("text", "is not valid"))
    return message.format_map({name: _number_text(value) for name, value in context.items()})


def _number_text(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value

"""The filter of a tail: text, or a JSON pointer with a condition. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from eventer.core.errors import RequestError
from eventer.core.model import JsonValue
from eventer.core.pointer import ABSENT, parse_pointer, resolve

HELP: Final = "text, or a JSON pointer: /status=paid, /amount>100, /error"
_MAX_PARSED: Final = 64 << 10
"""Bytes of an event above which it is not parsed, which would hold up the API."""
_CONDITION: Final = re.compile(r"(/[^=!<>]*)(?:(=|!=|<|>)(.*))?")

EventFilter = Callable[[bytes], bool]


def event_filter(text: str) -> EventFilter:
    """Whether an event, as JSON text, matches what a reader typed.

    `/a/b` finds events that have this field, and not null; `/a=x`, `/a!=x`, `/a<5` and `/a>5`
    compare it. Anything else finds events whose JSON text contains it. A condition finds no event
    of more than 64 KiB, and none that is nested too deeply to be read.
    """
    match = _CONDITION.fullmatch(text.strip())
    try:
        tokens = parse_pointer(match[1].rstrip()) if match else ()
    except RequestError:
        tokens = ()
    if match is None or not tokens:
        return lambda event: text in event.decode()
    operator, operand = match[2], (match[3] or "").lstrip()

    def matches(event: bytes) -> bool:
        if len(event) > _MAX_PARSED:
            return False
        try:
            found = resolve(json.loads(event), tokens)
        except RecursionError:
            return False
        return found is not ABSENT and _holds(found, operator, operand)  # type: ignore[arg-type]

    return matches


def _holds(value: JsonValue, operator: str | None, operand: str) -> bool:
    """Whether a condition holds; numbers are compared as numbers, other values as text."""
    match operator:
        case None:
            return value is not None
        case "=":
            return _is_equal(value, operand)
        case "!=":
            return not _is_equal(value, operand)
    number = _number(operand)
    if isinstance(value, bool | Mapping | list) or value is None:
        return False
    if isinstance(value, int | float):
        return number is not None and (value < number if operator == "<" else value > number)
    return value < operand if operator == "<" else value > operand  # type: ignore[operator]  # text


def _is_equal(value: JsonValue, operand: str) -> bool:
    if isinstance(value, str):
        return value == operand
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == _number(operand)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) == operand


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

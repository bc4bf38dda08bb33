"""Checks arguments; errors say what is expected.

A number is a number for all rows, or an array with a number per row, whose type was checked. A
check of arrays raises `InvalidRowsError` with the rows that are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.kernels.draw import Words, entity_words

_MAX_SHOWN: Final = 40

Numbers: TypeAlias = float | NDArray[np.float64]
IntegerArray: TypeAlias = NDArray[np.int64]
Integers: TypeAlias = int | IntegerArray
Condition: TypeAlias = bool | np.bool_ | NDArray[np.bool_]
"""Whether something holds in all rows, or in each row."""


class InvalidRowsError(EvaluationError):
    """Rows that have no value: those where `rows` is true. The message is that of the first."""

    def __init__(self, rows: NDArray[np.bool_], error: EvaluationError) -> None:
        super().__init__(error.message, hint=error.hint)
        self.rows = rows


def require(holds: Condition, error: Callable[[int], EvaluationError]) -> None:
    """Refuses arguments for which a condition does not hold.

    Args:
        holds: The condition.
        error: The error of a row; `at` gives the arguments of the row.
    """
    if not isinstance(holds, np.ndarray):
        if not holds:
            raise error(0)
    elif not holds.all():
        wrong = ~holds
        raise InvalidRowsError(wrong, error(int(np.argmax(wrong))))


def at(value: Any, row: int) -> Any:
    """An argument in a row."""
    return value[row].item() if isinstance(value, np.ndarray) else value


def text(function: str, name: str, value: JsonValue) -> str:
    """A string argument."""
    if isinstance(value, str):
        return value
    raise EvaluationError(
        f"{function}: {name!r} must be text, not {shown(value)}",
        hint='write it in quotes, such as "abc"',
    )


def number(function: str, name: str, value: Any, example: float = 10) -> Numbers:
    """A finite number argument; a hint shows the example."""
    if isinstance(value, np.ndarray):
        return value
    return constant_number(function, name, value, example)


def constant_number(function: str, name: str, value: JsonValue, example: float = 10) -> float:
    """A finite number that is the same in all rows."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    hint = "write it without quotes"
    if not isinstance(value, str):
        hint = f"write a number, such as {shown(example)}"
    raise EvaluationError(
        f"{function}: {name!r} must be a number, not {shown(value)}",
        hint=hint,
    )


def whole(function: str, name: str, value: Any, example: int = 10) -> Integers:
    """A whole number argument; a hint shows the example."""
    if isinstance(value, np.ndarray):
        return value
    return constant_whole(function, name, value, example)


def constant_whole(function: str, name: str, value: JsonValue, example: int = 10) -> int:
    """A whole number that is the same in all rows."""
    found = constant_number(function, name, value, example)
    if found.is_integer():
        return int(found)
    hint = "round it"
    if function == "get_integer":
        hint += ", or call get_number for numbers with a fraction"
    raise EvaluationError(
        f"{function}: {name!r} must be a whole number, not {shown(value)}", hint=hint
    )


def entity(function: str, name: str, value: Any) -> Words | int:
    """The word of a text or number that names an entity, or a word per row."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, str):
        return entity_words.text_word(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return entity_words.number_word(constant_number(function, name, value))
    raise EvaluationError(
        f"{function}: {name!r} must be text or a number, not {shown(value)}",
        hint="pass what names the entity, such as its id",
    )


def check_order(function: str, low: Numbers | Integers, high: Numbers | Integers) -> None:
    """Refuses a range whose low end is above its high end."""
    require(
        low <= high,
        lambda row: EvaluationError(
            f"{function}: 'lo' is {shown(at(low, row))}, which is above 'hi', "
            f"{shown(at(high, row))}",
            hint="give the lower end first",
        ),
    )


def shown(value: JsonValue) -> str:
    """A value in an error message: its JSON text, truncated if long."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    whole_text = json_text(value)
    return whole_text if len(whole_text) <= _MAX_SHOWN else whole_text[: _MAX_SHOWN - 1] + "…"

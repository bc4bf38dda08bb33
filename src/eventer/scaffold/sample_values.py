"""The values of a sample in a file: NDJSON, a JSON array, or CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from eventer.core.errors import RequestError
from eventer.core.model import JsonValue

MAX_VALUES: Final = 10_000
_MAX_DIGITS: Final = 15


def sample_values(text: str, name: str) -> list[JsonValue]:
    """The first 10,000 values of a text; `name` is that of its file, and its ending the format.

    Cells of CSV that are empty are null; a column whose cells are all numbers or `true` and `false`
    has these.

    Raises:
        RequestError: the text is not valid in its format, or has no values.
    """
    text = text.removeprefix("\ufeff")
    values = _csv_values(text, name) if name.lower().endswith(".csv") else _json_values(text, name)
    if not values:
        raise RequestError(f"{name} has no records: give a file with a few hundred records")
    return values


def _json_values(text: str, name: str) -> list[JsonValue]:
    if text.lstrip().startswith("["):
        found = _loaded(text, name)
        if isinstance(found, list):
            return found[:MAX_VALUES]
    if name.lower().endswith(".json"):
        return [_loaded(text, name)]
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [_loaded(line, f"{name}, line {n}") for n, line in lines[:MAX_VALUES]]


def _loaded(text: str, where: str) -> Any:
    try:
        found = json.loads(text, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RequestError(f"{where} contains an unpaired surrogate") from error
    except ValueError as error:
        raise RequestError(f"{where} is not valid JSON: {error}") from error
    except RecursionError as error:
        raise RequestError(f"{where} has too many nested arrays or objects") from error
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _csv_values(text: str, name: str) -> list[JsonValue]:
    rows = csv.reader(io.StringIO(text))
    try:
        names = next(rows, [])
        cells = [row for _, row in zip(range(MAX_VALUES), rows, strict=False)]
    except csv.Error as error:
        raise RequestError(f"{name}, line {rows.line_num} is not valid CSV: {error}") from error
    cells = [row for row in cells if row]
    if duplicates := [each for each, times in Counter(names).items() if times > 1]:
        raise RequestError(f"{name}: the column {duplicates[0]!r} is defined twice")
    columns = [_typed([row[i] if i < len(row) else "" for row in cells]) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _typed(cells: Sequence[str]) -> list[JsonValue]:
    """The cells as numbers or booleans if all that are not empty are such; others as text."""
    given = [cell for cell in cells if cell]
    for convert in (_integer, _number, _boolean):
        if given and all(convert(cell) is not None for cell in given):
            return [convert(cell) if cell else None for cell in cells]
    return [cell or None for cell in cells]


def _integer(cell: str) -> int | None:
    digits = cell.removeprefix("-")
    leading_zero = len(digits) > 1 and digits.startswith("0")
    valid = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    return int(cell) if valid and not leading_zero else None


def _number(cell: str) -> float | None:
    if any(letter in cell for letter in "_xX") or (cell[:2].isdigit() and cell[0] == "0"):
        return None
    try:
        found = float(cell)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _boolean(cell: str) -> bool | None:
    return {"true": True, "false": False}.get(cell.lower())

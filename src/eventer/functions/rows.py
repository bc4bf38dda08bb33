"""`get_row`: a row of a CSV, JSON or NDJSON file of the library folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.suggestions import did_you_mean
from eventer.functions import arguments as args
from eventer.functions.columns import BooleanColumn, Column
from eventer.functions.numbers import EXACT
from eventer.functions.row_files import ROW_FILES, RowFile
from eventer.functions.spec import (
    ColumnKind,
    FieldSpec,
    FunctionSpec,
    LazyFields,
    ObjectCall,
    Parameter,
    ReturnType,
)
from eventer.kernels import draw

TYPES: Final = ("integer", "number", "boolean", "timestamp", "text")
"""The types that columns of a CSV file may have."""
_MAX_CACHED_ROWS: Final = 256

_Rows: TypeAlias = Callable[[draw.Key, draw.Index], NDArray[np.int64]]
"""The numbers of the rows of events, for the draw key of a call."""
_Types: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class RowField(FieldSpec):
    """A field of a row; texts of the file may need escapes."""

    escapes: Callable[[], bool] = bool

    @property
    def needs_escapes(self) -> bool:
        """See `BoundCall.needs_escapes`."""
        return self.escapes()


class _SharedRows:
    """The rows of events, kept for the fields of one call, which are drawn one after the other."""

    __slots__ = ("_last", "_rows")

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._last: tuple[int, draw.Index, NDArray[np.int64]] | None = None

    def __call__(self, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
        last = self._last
        if last is not None and last[1] is index and isinstance(key, int) and last[0] == key:
            return last[2]
        rows = self._rows(key, index)
        if isinstance(key, int):
            self._last = key, index, rows
        return rows


class _Fields(LazyFields):
    """The fields of a row, each made at first use, for only those that are read are converted.

    They name the file by its address, so that a cached call does not keep it in memory.
    """

    def __init__(self, file: RowFile, types: _Types, rows: _Rows) -> None:
        self._address = file.address
        self._names = file.table.names
        self._types = types
        self._rows = _SharedRows(rows)
        self._fields: dict[str, FieldSpec] = {}

    def __getitem__(self, name: str) -> FieldSpec:
        field = self._fields.get(name)
        if field is None:
            if name not in self._names:
                raise KeyError(name)
            field = self._fields[name] = self._field(name)
        return field

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _field(self, name: str) -> FieldSpec:
        kind, address, rows_of = self._types.get(name), self._address, self._rows

        def column() -> Any:
            return ROW_FILES.find(address).column(name, kind)

        def values(key: draw.Key, index: draw.Index) -> Column:
            made: Column = column().take(rows_of(key, index))
            return made

        def nulls(key: draw.Key, index: draw.Index) -> Column:
            return BooleanColumn(column().nulls[rows_of(key, index)])

        found = column()
        return RowField(
            name,
            found.return_type,
            "",
            values,
            nullable=found.nullable,
            nulls=None if found.nulls is None else nulls,
            escapes=lambda: column().needs_escapes,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Row(ObjectCall):
    """A row per event."""

    row_fields: Mapping[str, FieldSpec]

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return self.row_fields


def _uniform(count: int, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return draw.integer_column(key, index, 0, count - 1)


def _weighted(address: str, weight: str, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return ROW_FILES.find(address).weights(weight).rows(key, index)


def _numbered(
    numbers: args.Integers, count: int, _key: draw.Key, index: draw.Index
) -> NDArray[np.int64]:
    """The rows with these numbers, one for all events or one per event."""
    rows = np.asarray(numbers, dtype=np.int64) % count
    return rows if rows.ndim else np.full(len(index), rows)


def _row(arguments: Sequence[Any]) -> Row:
    path, weight, index, types = arguments
    if index is None and isinstance(path, str) and isinstance(weight, str | None):
        return _cached_row(path, weight, json_text(types))
    return _new_row(path, weight, index, types)


@lru_cache(maxsize=_MAX_CACHED_ROWS)
def _cached_row(path: str, weight: str | None, types: str) -> Row:
    """The call without an index; the interpreter binds it in every event, and keeps its values."""
    return _new_row(path, weight, None, json.loads(types))


def _new_row(path: Any, weight: Any, index: Any, types: Any) -> Row:
    file = ROW_FILES.find(args.text("get_row", "path", path))
    return Row(_Fields(file, _types(file, types), _rows(file, weight, index)))


def _rows(file: RowFile, weight: JsonValue, index: Any) -> _Rows:
    count = file.table.rows
    if weight is not None and index is not None:
        raise EvaluationError(
            "get_row: 'weight' cannot be combined with 'index'",
            hint="omit 'weight' to read rows by their number",
        )
    if weight is not None:
        name = args.text("get_row", "weight", weight)
        _check_column(file, name, "weight")
        file.weights(name)
        return partial(_weighted, file.address, name)
    if index is None:
        return partial(_uniform, count)
    return partial(_numbered, _number(index), count)


def _number(index: Any) -> args.Integers:
    number = args.whole("get_row", "index", index)
    hint = "rows are numbered from 0; get_index() is the number of the event"
    for fits, problem in ((number >= 0, "below zero"), (number <= EXACT, "above 2^53 - 1")):
        args.require(
            fits,
            lambda row, problem=problem: EvaluationError(  # type: ignore[misc]  # its problem now
                f"get_row: 'index' is {args.shown(args.at(number, row))}, which is {problem}",
                hint=hint,
            ),
        )
    return number


def _types(file: RowFile, types: JsonValue) -> _Types:
    if types is None:
        return {}
    hint = "write types={ population: 'integer' }; the types are " + ", ".join(TYPES)
    if not isinstance(types, Mapping):
        raise EvaluationError(
            f"get_row: 'types' must be an object, not {args.shown(types)}", hint=hint
        )
    if not file.is_csv:
        raise EvaluationError(
            f"get_row: {file.path}: 'types' is for CSV files", hint="JSON values have types"
        )
    for column, kind in types.items():
        _check_column(file, column, "types")
        if kind not in TYPES:
            raise EvaluationError(
                f"get_row: the type of {column!r} is {args.shown(kind)}, which is not known",
                hint=hint,
            )
        file.column(column, str(kind))
    return {column: str(kind) for column, kind in types.items()}


def _check_column(file: RowFile, name: str, argument: str) -> None:
    names = file.table.names
    if name not in names:
        listed = "the columns are " + ", ".join(names)
        raise EvaluationError(
            f"get_row: {file.path} has no column {name!r}, which {argument!r} names",
            hint=did_you_mean(name, names) or listed,
        )


def _fields_of(arguments: Sequence[JsonValue]) -> Mapping[str, FieldSpec]:
    """The fields for constant arguments, with the first row in all events."""
    path, _, _, types = arguments
    return _row([path, None, 0, types]).fields


GET_ROW: Final = FunctionSpec(
    name="get_row",
    parameters=(
        Parameter(
            "path",
            "text",
            "a CSV, JSON (an array of objects) or NDJSON file, as `import` names it",
        ),
        Parameter("weight", "text", "the column with the weight of each row", None),
        Parameter(
            "index",
            "a whole number",
            "the number of the row, from 0; after the last row comes the first again",
            None,
            column=ColumnKind.INTEGER,
        ),
        Parameter(
            "types",
            "an object",
            "the types of columns of a CSV file: `integer`, `number`, `boolean`, `timestamp` or "
            "`text`",
            None,
        ),
    ),
    return_type=ReturnType.OBJECT,
    doc="A row of a file of the library folder, as an object. Each row is equally likely, or as "
    "likely as its number in the column `weight`; with `index` it is exactly that row, so "
    "`index=get_index()` replays the file in order, again and again. Fields of one call are of one "
    "row.\n\n"
    "Cells of a CSV file are text. A column in `types` has the values of that type, and null for "
    "an empty cell; white space around them does not count. Timestamps are like "
    "`2026-01-31T09:30:00Z`. Values of JSON keep their types, and a field that a row lacks is "
    "null.\n\n"
    "The path is a constant, a variable of `vars`, or a choice of at most 16 constants. Files are "
    "in UTF-8 and have at most 256 MiB, JSON arrays 64 MiB. The content is part of a generator's "
    "identity, and the service keeps a copy: changes of the file concern generators that are added "
    "later.",
    examples=(
        'get_row("cities.csv").name',
        'get_row("cities.csv", weight="population")',
        'get_row("orders.ndjson", index=get_index())',
        'get_row("orders.csv", types={ amount: "number", paid: "boolean" })',
    ),
    bind=_row,
    fields_of=_fields_of,
    needs_escapes=True,
)

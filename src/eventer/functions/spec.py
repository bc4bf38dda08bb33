"""Functions: a specification and a vectorised implementation.

The arguments of a call are constants: `FunctionSpec.call` checks and parses them once, and the
resulting `BoundCall` draws any number of rows. If arguments differ between rows, each row has its
own `BoundCall`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.columns import Column
from eventer.kernels.draw import Index, Key


class ReturnType(StrEnum):
    """The type of the values of a function, for static inference."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    OBJECT = "object"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class BatchContext:
    """The rows of a column: the indices of their events, and their other inputs.

    `scheduled` is the scheduled time of each event in nanoseconds since 1970-01-01T00:00:00Z.
    """

    index: Index
    scheduled: NDArray[np.int64]
    dataset: str | None = None
    instance_id: str | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.index)


@dataclass(frozen=True, slots=True)
class RowContext:
    """The row of one event; see `BatchContext`."""

    index: int
    scheduled: int
    dataset: str | None = None
    instance_id: str | None = None

    def as_column(self) -> BatchContext:
        """A column of this row alone."""
        index = np.array([self.index], dtype=np.int64)
        scheduled = np.array([self.scheduled], dtype=np.int64)
        return BatchContext(index, scheduled, self.dataset, self.instance_id)


class BoundCall:
    """A function with checked arguments; drawing needs a draw key and rows.

    A call is `time_dependent` if its values depend on when their events are due.
    """

    __slots__ = ()
    time_dependent: ClassVar[bool] = False

    @property
    def needs_escapes(self) -> bool:
        """Whether texts may have characters that JSON escapes."""
        return False

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest value of a call that returns integers, if known."""
        return None

    def column(self, key: Key, context: BatchContext) -> Column:
        """A value per row; `key` may be a column with a key per row.

        Raises:
            EvaluationError: the arguments are invalid for a row (only if they contain `now`).
        """
        raise NotImplementedError

    def row(self, key: int, row: RowContext) -> JsonValue:
        """The value of `column` in one row; overridden if a way without arrays is faster."""
        return self.column(key, row.as_column()).to_list()[0]


class _Required:
    """The type of `REQUIRED`: a parameter has no default."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `type` describes it in words. Passing null and omitting it are the same."""

    name: str
    type: str
    doc: str
    default: JsonValue | _Required = REQUIRED

    @property
    def optional(self) -> bool:
        """Whether it may be omitted."""
        return self.default is not REQUIRED


FieldMaker: TypeAlias = Callable[[Key, Index], Column]


@dataclass(frozen=True, slots=True, eq=False)
class FieldSpec(BoundCall):
    """A field of an object that a function returns. `make` draws it with the object's key."""

    name: str
    return_type: ReturnType
    doc: str
    make: FieldMaker
    hidden: bool = False

    def column(self, key: Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return self.make(key, context.index)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return self.make(key, np.array([row.index], dtype=np.int64)).to_list()[0]


@dataclass(frozen=True, slots=True, eq=False)
class FunctionSpec:
    """A function that templates get from `std.native(name)`.

    `bind` makes a call from all arguments, with defaults filled in. `is_random` is false if the
    function reads no random words, so that all rows have one value. `items` gives the items that
    a function chooses from, for its first argument. A `columnar` function draws numbers between
    two ends that may differ between rows.
    """

    name: str
    parameters: tuple[Parameter, ...]
    return_type: ReturnType
    doc: str
    examples: tuple[str, ...]
    bind: Callable[[Sequence[JsonValue]], BoundCall]
    is_random: bool = True
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)
    items: Callable[[JsonValue], Sequence[JsonValue]] | None = None
    columnar: bool = False

    @property
    def signature(self) -> str:
        """The call in documentation: `get_integer(lo, hi)`."""
        names = ", ".join(p.name + ("?" if p.optional else "") for p in self.parameters)
        return f"{self.name}({names})"

    def call(self, arguments: Sequence[JsonValue]) -> BoundCall:
        """A call with these arguments (None if omitted).

        Raises:
            EvaluationError: an argument is invalid; without a place, which the caller adds.
        """
        return self.bind(self._complete(arguments))

    def check(self, arguments: Sequence[JsonValue]) -> None:
        """Checks constant arguments before the first event; raises like `call`."""
        self.call(arguments)

    def _complete(self, arguments: Sequence[JsonValue]) -> list[JsonValue]:
        if len(arguments) > len(self.parameters):
            raise EvaluationError(
                f"{self.name} takes {_count(len(self.parameters))}, not {len(arguments)}",
                hint=f"call it as {self.signature}",
            )
        given = [*arguments, *[None] * (len(self.parameters) - len(arguments))]
        return [self._filled(p, value) for p, value in zip(self.parameters, given, strict=True)]

    def _filled(self, parameter: Parameter, value: JsonValue) -> JsonValue:
        if value is not None:
            return value
        if isinstance(parameter.default, _Required):
            raise EvaluationError(
                f"{self.name} needs its argument {parameter.name!r}, {parameter.type}",
                hint=f"call it as {self.signature}",
            )
        return parameter.default


def _count(number: int) -> str:
    return "no arguments" if number == 0 else f"{number} argument{'s' if number > 1 else ''}"

"""What a function is: its specification beside its one, vectorised implementation.

The arguments of a call are constants: `FunctionSpec.call` checks and parses them once, and the
resulting `BoundCall` draws any number of rows. A call whose arguments differ between rows is one
`BoundCall` per row.
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
    """What values a function returns: what static inference needs to know of them."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    OBJECT = "object"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class BatchContext:
    """The rows that a column is made for: their event indices, and what else events may read.

    `scheduled` is when each event is due, in nanoseconds since 1970-01-01T00:00:00Z.
    """

    index: Index
    scheduled: NDArray[np.int64]
    dataset: str | None = None
    instance_id: str | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.index)


@dataclass(frozen=True, slots=True)
class RowContext:
    """One such row."""

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
    """A function with its arguments, checked: it lacks only a draw key and rows.

    A call is `time_dependent` if its values depend on when their events are due.
    """

    __slots__ = ()
    time_dependent: ClassVar[bool] = False

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest value of a call that returns integers, if known."""
        return None

    def column(self, key: Key, context: BatchContext) -> Column:
        """A value a row; a column of keys goes along with the rows.

        Raises:
            EvaluationError: the arguments do not fit some row (only where `now` is among them).
        """
        raise NotImplementedError

    def row(self, key: int, row: RowContext) -> JsonValue:
        """The value that `column` has in one row; overridden where arrays would be the slow way."""
        return self.column(key, row.as_column()).to_list()[0]


class _Required:
    """The type of `REQUIRED`: a parameter has no default."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `type` says in words what it takes; null and leaving it out are the same."""

    name: str
    type: str
    doc: str
    default: JsonValue | _Required = REQUIRED

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.default is not REQUIRED


FieldMaker: TypeAlias = Callable[[Key, Index], Column]


@dataclass(frozen=True, slots=True, eq=False)
class FieldSpec(BoundCall):
    """A field of an object that a function returns. `make` draws it from the object's key."""

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
        """The call as documentation writes it: `get_integer(lo, hi)`."""
        names = ", ".join(p.name + ("?" if p.optional else "") for p in self.parameters)
        return f"{self.name}({names})"

    def call(self, arguments: Sequence[JsonValue]) -> BoundCall:
        """A call with these arguments (None where left out).

        Raises:
            EvaluationError: what is wrong and what to do, without a place, which the caller knows.
        """
        return self.bind(self._complete(arguments))

    def check(self, arguments: Sequence[JsonValue]) -> None:
        """Raises as `call` does, so that constant wrong arguments are found before any event."""
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

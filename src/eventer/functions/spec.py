"""Functions: a specification and a vectorised implementation.

`FunctionSpec.bind` checks and parses the arguments of a call, and the resulting `BoundCall` draws
any number of rows. An argument is a JSON value that is the same in all rows, or, for a parameter
that declares its `column`, an array with a value per row. The interpreter binds the arguments of
one row; the plan binds columns. So both engines use one implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue, Population
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.columns import Column, DictionaryColumn, ObjectColumn
from eventer.kernels.draw import Index, Key


class ReturnType(StrEnum):
    """The type of the values of a function, for static inference."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    UUID = "uuid"
    ARRAY = "array"
    OBJECT = "object"
    JSON = "json"


class ColumnKind(Enum):
    """The array of an argument that may differ between rows."""

    NUMBER = "number"
    """float64, finite."""
    INTEGER = "integer"
    """int64 within ±(2^53 - 1)."""
    ENTITY = "entity"
    """uint64: the word of a text or a number; see `eventer.kernels.draw.entity_words`."""


Argument: TypeAlias = JsonValue | NDArray[Any]
"""A value for all rows, or a value per row."""

Bounds: TypeAlias = tuple[int, int]
"""The lowest and the highest value of integers."""


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

    A call is `time_dependent` if its values depend on when their events are due because of its
    arguments. It `may_raise` if `column` may raise although `bind` accepted the arguments.
    """

    __slots__ = ()
    time_dependent: ClassVar[bool] = False
    may_raise: ClassVar[bool] = False

    @property
    def needs_escapes(self) -> bool:
        """Whether texts may have characters that JSON escapes."""
        return False

    def column(self, key: Key, context: BatchContext) -> Column:
        """A value per row; `key` may be a column with a key per row.

        Raises:
            InvalidRowsError: some rows have no value.
            EvaluationError: a row has no value, and which one is not known.
        """
        raise NotImplementedError

    def row(self, key: int, row: RowContext) -> JsonValue:
        """The value of `column` in one row; overridden if a way without arrays is faster."""
        try:
            return self.column(key, row.as_column()).to_list()[0]
        except InvalidRowsError as error:
            raise EvaluationError(error.message, hint=error.hint) from None


class ObjectListCall(BoundCall):
    """A call whose value is an array of objects with the same fields: an `ObjectListColumn`."""

    __slots__ = ()
    lengths: Bounds
    """The least and the greatest length of an array."""

    def bounds_of(self, field: str) -> Bounds | None:
        """The bounds of the values of a field, if they are integers."""
        raise NotImplementedError


class ObjectCall(BoundCall):
    """A call whose value is an object; each field is drawn by itself, with the object's key."""

    __slots__ = ()

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields by name; the same objects for the same arguments, if possible."""
        raise NotImplementedError

    def column(self, key: Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        shown = (self.fields[name] for name in field_names(self.fields))
        made = {each.name: partial(each.column, key, context) for each in shown}
        return ObjectColumn(context.rows, made)


class _Required:
    """The type of `REQUIRED`: a parameter has no default."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `type` describes it in words. Passing null and omitting it are the same.

    If the argument may differ between events, `column` is the kind of its array. Other arguments
    are constants, or picks of a few constants.
    """

    name: str
    type: str
    doc: str
    default: JsonValue | _Required = REQUIRED
    column: ColumnKind | None = None

    @property
    def optional(self) -> bool:
        """Whether it may be omitted."""
        return self.default is not REQUIRED


FieldMaker: TypeAlias = Callable[[Key, Index], Column]


@dataclass(frozen=True, slots=True, eq=False)
class FieldType:
    """A field of the objects that a function returns; a `hidden` one is not written."""

    name: str
    return_type: ReturnType
    doc: str
    hidden: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class ElementField(FieldType):
    """A field of the objects of an array, with the text of an example.

    If it `is_key`, its texts are names of fields of the function's first argument.
    """

    example: str
    is_key: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FieldSpec(FieldType, BoundCall):
    """A field that is drawn by itself: `make` draws it with the object's key.

    A field is `nullable` if some of its values are null. If `nulls` is given, it makes a
    `BooleanColumn` of the rows that are null, where `make` has any value; else `make` has nulls.
    """

    make: FieldMaker
    nullable: bool = False
    nulls: FieldMaker | None = None

    def column(self, key: Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return self._column(key, context.index)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return self._column(key, np.array([row.index], dtype=np.int64)).to_list()[0]

    def part(self, *, nulls: bool) -> FieldSpec:
        """The column of `nulls`, or that of `make` alone."""
        if not nulls:
            return replace(self, nulls=None)
        assert self.nulls is not None
        return FieldSpec(self.name, ReturnType.BOOLEAN, self.doc, self.nulls)

    def _column(self, key: Key, index: Index) -> Column:
        made = self.make(key, index)
        if self.nulls is None:
            return made
        pairs = zip(made.to_list(), self.nulls(key, index).to_list(), strict=True)
        values = [None if is_null else value for value, is_null in pairs]
        return DictionaryColumn(np.arange(len(values)), values)


class LazyFields(Mapping[str, FieldSpec]):
    """Fields that are computed at first use. None is hidden."""

    __slots__ = ()


def field_names(fields: Mapping[str, FieldType], *, hidden: bool = False) -> list[str]:
    """The names of the visible or the hidden fields."""
    if isinstance(fields, LazyFields):
        return [] if hidden else list(fields)
    return [name for name, field in fields.items() if field.hidden is hidden]


@dataclass(frozen=True, slots=True, eq=False)
class FunctionSpec:
    """A function that templates get from `std.native(name)`.

    `bind` makes a call from all arguments, with defaults filled in; it gets an array for a
    parameter that declares a `column`, if the argument differs between rows, and raises
    `InvalidRowsError` if it is wrong in some rows (`eventer.functions.arguments` has the checks).
    With arrays, the column of the call has the type of `return_type`.

    `is_random` is false if the function reads no random words; `is_constant` is true if all events
    of a stream have one value. A function is `time_dependent` if its values depend on when their
    events are due, whatever the arguments are. `items` gives the items that a function chooses
    from, for its first argument: it returns one of them, or an array of them. `bounds` computes
    the bounds of integers that are returned, or of the lengths of arrays, from those of the
    arguments (None if not known); those of the first argument are the number of its items.
    `fields` documents the fields of an object, or of the objects of an array; `fields_of` gives
    those of an object for constant arguments (None where an argument is omitted or differs between
    rows) if they depend on those. A function
    `needs_escapes` if a call does: see `BoundCall.needs_escapes`.

    The value of a function with `picks` is an event of another stream, which its first argument
    names: that at the index which the function `picks(population)` has for the same arguments. For
    a population that is not fixed, that function has one more argument: the number of events.
    """

    name: str
    parameters: tuple[Parameter, ...]
    return_type: ReturnType
    doc: str
    examples: tuple[str, ...]
    bind: Callable[[Sequence[Any]], BoundCall]
    is_random: bool = True
    is_constant: bool = False
    time_dependent: bool = False
    bounds: Callable[..., Bounds | None] | None = None
    items: Callable[[JsonValue], Sequence[JsonValue]] | None = None
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    fields_of: Callable[[Sequence[JsonValue]], Mapping[str, FieldSpec]] | None = None
    needs_escapes: bool = False
    picks: Callable[[Population], FunctionSpec] | None = None

    def object_fields(self, constants: Mapping[int, JsonValue]) -> Mapping[str, FieldSpec]:
        """What `fields_of` gives for constant arguments by their numbers.

        Raises:
            EvaluationError: an argument is invalid.
        """
        assert self.fields_of is not None
        return self.fields_of([constants.get(number) for number in range(len(self.parameters))])

    @property
    def signature(self) -> str:
        """The call in documentation: `get_integer(lo, hi)`."""
        names = ", ".join(p.name + ("?" if p.optional else "") for p in self.parameters)
        return f"{self.name}({names})"

    def call(self, arguments: Sequence[Argument]) -> BoundCall:
        """A call with these arguments (None if omitted).

        Raises:
            InvalidRowsError: arguments are invalid in some rows.
            EvaluationError: an argument is invalid; without a place, which the caller adds.
        """
        return self.bind(self.complete(arguments))

    def check(self, arguments: Sequence[JsonValue]) -> None:
        """Checks constant arguments before the first event; raises like `call`."""
        self.call(arguments)

    def complete(self, arguments: Sequence[Argument]) -> list[Argument]:
        """All arguments, with defaults filled in.

        Raises:
            EvaluationError: there are too many, or a required one is missing.
        """
        if len(arguments) > len(self.parameters):
            raise EvaluationError(
                f"{self.name} takes {_count(len(self.parameters))}, not {len(arguments)}",
                hint=f"call it as {self.signature}",
            )
        given = [*arguments, *[None] * (len(self.parameters) - len(arguments))]
        return [self._filled(p, value) for p, value in zip(self.parameters, given, strict=True)]

    def _filled(self, parameter: Parameter, value: Argument) -> Argument:
        if value is not None:
            return value
        if isinstance(parameter.default, _Required):
            raise EvaluationError(
                f"{self.name} needs its argument {parameter.name!r}, {parameter.type}",
                hint=f"call it as {self.signature}",
            )
        return parameter.default


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCall:
    """A call with arguments that differ between rows: those numbered in `varying`.

    If `field` is set, it is that field of the object that the function returns, and if `nulls` is
    set, a part of it: see `FieldSpec.part`.
    """

    spec: FunctionSpec
    constants: Mapping[int, JsonValue]
    varying: Sequence[int]
    field: str | None = None
    nulls: bool | None = None

    @property
    def needs_escapes(self) -> bool:
        """See `BoundCall.needs_escapes`."""
        if self.field is None or self.spec.fields_of is None:
            return self.spec.needs_escapes
        return self.spec.object_fields(self.constants)[self.field].needs_escapes

    def bind(self, columns: Sequence[NDArray[Any]]) -> BoundCall:
        """The call for an array per varying argument.

        Raises:
            InvalidRowsError: arguments are invalid in some rows.
            EvaluationError: an argument is invalid.
        """
        given = {**self.constants, **dict(zip(self.varying, columns, strict=True))}
        call = self.spec.call([given.get(number) for number in range(len(self.spec.parameters))])
        if self.field is None:
            return call
        assert isinstance(call, ObjectCall), f"{self.spec.name} returns no object"
        field = call.fields[self.field]
        return field if self.nulls is None else field.part(nulls=self.nulls)


def _count(number: int) -> str:
    return "no arguments" if number == 0 else f"{number} argument{'s' if number > 1 else ''}"

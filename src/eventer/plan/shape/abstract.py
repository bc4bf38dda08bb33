"""Abstract values: the set of values that an expression may have in any event.

`join` is the union of two sets, as far as an abstract value can describe it. Sets are limited:
beyond a limit the value is `ANYTHING`, or the object is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from eventer.core.model import ColumnType
from eventer.jsonnet.nodes import Expr, Function, Visibility

MAX_TEXTS: Final = 256
MAX_ALTERNATIVES: Final = 16
BIGINT_LIMIT: Final = float(1 << 63)


@dataclass(frozen=True, slots=True)
class Number:
    """A number; an `integer` if each possible one is an integer that a bigint can hold."""

    integer: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `values` are the possible ones, if they are known and few."""

    values: frozenset[str] | None = None
    timestamp: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    """A boolean; `value` is None if it is not known."""

    value: bool | None = None


@dataclass(frozen=True, slots=True)
class AbstractArray:
    """An array. `element` is the union of all elements; `items` are those of known positions."""

    element: LazyValue
    items: tuple[LazyValue, ...] | None = None


@dataclass(frozen=True, slots=True)
class AbstractClosure:
    """A function of the template."""

    node: Function
    env: AbstractEnvironment


@dataclass(frozen=True, slots=True)
class StdFunctionName:
    """A function of the standard library by name."""

    name: str


@dataclass(frozen=True, slots=True)
class NativeFunctionName:
    """The function that `std.native(name)` returns."""

    name: str


@dataclass(frozen=True, slots=True)
class StdObject:
    """The object `std`."""


@dataclass(frozen=True, slots=True)
class AbstractField:
    """A field of one layer. It is `conditional` if its computed name may be null."""

    body: Expr | LazyValue
    env: AbstractEnvironment | None
    visibility: Visibility
    plus: bool = False
    conditional: bool = False


@dataclass(eq=False, slots=True)
class AbstractLayer:
    """One object literal. It is `open` if it may have fields that are not known."""

    fields: dict[str, AbstractField]
    open: bool = False


@dataclass(eq=False, slots=True)
class ObjectLayers:
    """One object: its layers, the topmost last, and the fields inferred so far."""

    layers: tuple[AbstractLayer, ...]
    inferred: dict[tuple[str, int], AbstractValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbstractObject:
    """An object that is one of `alternatives`."""

    alternatives: tuple[ObjectLayers, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value."""


Core: TypeAlias = (
    Number
    | Text
    | Boolean
    | AbstractArray
    | AbstractObject
    | AbstractClosure
    | StdFunctionName
    | NativeFunctionName
    | StdObject
    | Unknown
)


@dataclass(frozen=True, slots=True)
class AbstractValue:
    """The values of `core`, and null if `nullable`. With neither, the expression always raises."""

    core: Core | None
    nullable: bool = False


NEVER: Final = AbstractValue(None)
NULL: Final = AbstractValue(None, nullable=True)
ANYTHING: Final = AbstractValue(Unknown(), nullable=True)
BOOLEAN: Final = AbstractValue(Boolean())
TEXT: Final = AbstractValue(Text())
NUMBER: Final = AbstractValue(Number(integer=False))
INTEGER: Final = AbstractValue(Number(integer=True))


@dataclass(eq=False, slots=True)
class LazyValue:
    """A value that is inferred at its first use; during the inference it is `ANYTHING`."""

    compute: Callable[[], AbstractValue] | None
    value: AbstractValue = ANYTHING

    def get(self) -> AbstractValue:
        """The value."""
        if self.compute is not None:
            compute, self.compute = self.compute, None
            self.value = compute()
        return self.value


@dataclass(frozen=True, eq=False, slots=True)
class AbstractEnvironment:
    """Variables, and the object and layer of `self` (`super` is the layers below)."""

    variables: dict[str, LazyValue]
    self_object: ObjectLayers | None = None
    level: int = 0


def evaluated(value: AbstractValue) -> LazyValue:
    """A value that needs no inference."""
    return LazyValue(None, value)


def object_of(layers: ObjectLayers) -> AbstractValue:
    """An object."""
    return AbstractValue(AbstractObject((layers,)))


def array_of(element: LazyValue) -> AbstractValue:
    """An array of any length."""
    return AbstractValue(AbstractArray(element))


def text_of(*values: str) -> AbstractValue:
    """One of a few known strings."""
    return AbstractValue(Text(frozenset(values) if len(values) <= MAX_TEXTS else None))


def join(left: AbstractValue, right: AbstractValue) -> AbstractValue:
    """The union of two sets of values."""
    core = _join_core(left.core, right.core)
    return AbstractValue(core, left.nullable or right.nullable)


def _join_core(left: Core | None, right: Core | None) -> Core | None:
    if left is None or right is None or left == right:
        return left if right is None else right
    match left, right:
        case Number(), Number():
            return Number(left.integer and right.integer)
        case Text(), Text():
            return Text(_join_texts(left, right), left.timestamp and right.timestamp)
        case Boolean(), Boolean():
            return Boolean()
        case AbstractArray(), AbstractArray():
            return _join_arrays(left, right)
        case AbstractObject(), AbstractObject():
            both = tuple(dict.fromkeys(left.alternatives + right.alternatives))
            return AbstractObject(both) if len(both) <= MAX_ALTERNATIVES else Unknown()
        case _:
            return Unknown()


def _join_arrays(left: AbstractArray, right: AbstractArray) -> AbstractArray:
    def later(one: LazyValue, other: LazyValue) -> LazyValue:
        return LazyValue(lambda: join(one.get(), other.get()))

    items = None
    if left.items is not None and right.items is not None and len(left.items) == len(right.items):
        items = tuple(map(later, left.items, right.items))
    return AbstractArray(later(left.element, right.element), items)


def _join_texts(left: Text, right: Text) -> frozenset[str] | None:
    if left.values is None or right.values is None:
        return None
    both = left.values | right.values
    return both if len(both) <= MAX_TEXTS else None


def column_type(value: AbstractValue) -> ColumnType:
    """The column type that holds every possible value."""
    match value.core:
        case Number(integer=integer):
            return ColumnType.BIGINT if integer else ColumnType.DOUBLE
        case Text(timestamp=timestamp):
            return ColumnType.TIMESTAMPTZ if timestamp else ColumnType.TEXT
        case Boolean():
            return ColumnType.BOOLEAN
        case _:
            return ColumnType.JSONB

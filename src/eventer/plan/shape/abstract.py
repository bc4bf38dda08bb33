"""Abstract values: the set of values that an expression may have in any event.

`join` is the union of two sets, as far as an abstract value can describe it. Sets are limited:
beyond a limit the value is `ANYTHING`, or the object is open.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from eventer.core.model import ColumnType
from eventer.jsonnet.nodes import Expr, Function, Visibility

MAX_TEXTS: Final = 256
MAX_ALTERNATIVES: Final = 16
MAX_ROUNDS: Final = 5
"""Inferences of a value that depends on itself."""
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
    uuid: bool = False


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
class AbstractClosures:
    """A value that is one of several functions of the template."""

    alternatives: tuple[AbstractClosure, ...]


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
    """A field of one layer. It is `conditional` if its computed name may be null.

    `others` are those of the layer that may have the same name instead.
    """

    body: Expr | LazyValue
    env: AbstractEnvironment | None
    visibility: Visibility
    plus: bool = False
    conditional: bool = False
    others: tuple[AbstractField, ...] = ()


@dataclass(eq=False, slots=True)
class AbstractLayer:
    """One object literal. It is `open` if it may have fields that are not known.

    `rest` is the value of those, if that is known.
    """

    fields: dict[str, AbstractField]
    open: bool = False
    rest: AbstractField | None = None


@dataclass(eq=False, slots=True)
class ObjectLayers:
    """One object: its layers, the topmost last, and the fields inferred so far."""

    layers: tuple[AbstractLayer, ...]
    inferred: dict[tuple[str, int], LazyValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbstractObject:
    """An object that is one of `alternatives`."""

    alternatives: tuple[ObjectLayers, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any value."""


@dataclass(frozen=True, slots=True)
class Mixed(Unknown):
    """A value of one of several types, at most one of each type of JSON."""

    alternatives: tuple[Core, ...]


Core: TypeAlias = (
    Number
    | Text
    | Boolean
    | AbstractArray
    | AbstractObject
    | AbstractClosure
    | AbstractClosures
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


_JSON_TYPES: Final[tuple[type[Core], ...]] = (
    Boolean,
    Number,
    Text,
    AbstractArray,
    AbstractObject,
)

NEVER: Final = AbstractValue(None)
NULL: Final = AbstractValue(None, nullable=True)
ANYTHING: Final = AbstractValue(Unknown(), nullable=True)
BOOLEAN: Final = AbstractValue(Boolean())
TEXT: Final = AbstractValue(Text())
NUMBER: Final = AbstractValue(Number(integer=False))
INTEGER: Final = AbstractValue(Number(integer=True))


class _Levels(threading.local):
    """The number of values that are being inferred, and the outermost of them that was read."""

    depth = 0
    lowest = sys.maxsize


_levels: Final = _Levels()


@dataclass(eq=False, slots=True)
class LazyValue:
    """A value that is inferred at its first use.

    A value that depends on itself is inferred from the values found so far, none at first, until
    there are no more. Until then, values that depend on it are not kept.
    """

    compute: Callable[[], AbstractValue] | None
    value: AbstractValue = ANYTHING
    _level: int = 0
    _read: bool = False

    def get(self) -> AbstractValue:
        """The value."""
        if self.compute is None:
            return self.value
        if self._level:
            self._read = True
            _levels.lowest = min(_levels.lowest, self._level)
            return self.value
        outer, _levels.lowest = _levels.lowest, sys.maxsize
        _levels.depth += 1
        self._level, self.value = _levels.depth, NEVER
        try:
            value = self._fixed_point(self.compute)
        finally:
            level, self._level = self._level, 0
            _levels.depth -= 1
        if _levels.lowest >= level:
            self.compute, self.value = None, value
            _levels.lowest = outer
        else:
            _levels.lowest = min(outer, _levels.lowest)
        return value

    def _fixed_point(self, compute: Callable[[], AbstractValue]) -> AbstractValue:
        for _ in range(MAX_ROUNDS):
            self._read = False
            found = compute()
            if not self._read:
                return found
            joined = without_values(join(self.value, found))
            if joined == self.value:
                return joined
            if not isinstance(joined.core, Number | Text | Boolean | None):
                break
            self.value = joined
        self.value = ANYTHING
        return compute()


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
            timestamp = left.timestamp and right.timestamp
            return Text(_join_texts(left, right), timestamp, left.uuid and right.uuid)
        case Boolean(), Boolean():
            return Boolean()
        case AbstractArray(), AbstractArray():
            return _join_arrays(left, right)
        case AbstractClosure() | AbstractClosures(), AbstractClosure() | AbstractClosures():
            closures = tuple(dict.fromkeys((*closures_of(left), *closures_of(right))))
            few = len(closures) <= MAX_ALTERNATIVES
            return AbstractClosures(closures) if few else Unknown()
        case AbstractObject(), AbstractObject():
            both = tuple(dict.fromkeys(left.alternatives + right.alternatives))
            return AbstractObject(both) if len(both) <= MAX_ALTERNATIVES else Unknown()
        case _:
            return _mixed(left, right)


def _mixed(left: Core, right: Core) -> Core:
    """A value that is one of several values; those of one type are joined."""
    found: dict[type[Core], Core] = {}
    for core in (*_alternatives(left), *_alternatives(right)):
        if not isinstance(core, Number | Text | Boolean | AbstractArray | AbstractObject):
            return Unknown()
        known = found.get(type(core))
        joined = core if known is None else _join_core(known, core)
        if type(joined) is not type(core):
            return Unknown()
        found[type(core)] = joined
    return Mixed(tuple(found[kind] for kind in _JSON_TYPES if kind in found))


def _alternatives(core: Core) -> tuple[Core, ...]:
    return core.alternatives if isinstance(core, Mixed) else (core,)


def closures_of(core: AbstractClosure | AbstractClosures) -> tuple[AbstractClosure, ...]:
    """The functions that a value may be."""
    return core.alternatives if isinstance(core, AbstractClosures) else (core,)


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


def without_values(value: AbstractValue) -> AbstractValue:
    """Any text or any boolean instead of known ones, so that repeated inferences end."""
    match value.core:
        case Text(timestamp=timestamp, uuid=uuid):
            return AbstractValue(Text(None, timestamp, uuid), value.nullable)
        case Boolean():
            return AbstractValue(Boolean(), value.nullable)
        case _:
            return value


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

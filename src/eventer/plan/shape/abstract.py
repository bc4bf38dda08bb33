"""Abstract values: all that an expression may evaluate to, whatever is drawn.

Joining two of them forgets what they do not share; `ANYTHING` knows nothing. Every set that could
grow without end has a limit, past which the value is `ANYTHING` or the object is open.
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
    """A number; `whole` where every possible one is an integer that a bigint may hold."""

    whole: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `values` are the possible ones where they are few and known."""

    values: frozenset[str] | None = None
    timestamp: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    """A boolean; `value` where it is known."""

    value: bool | None = None


@dataclass(frozen=True, slots=True)
class AbstractArray:
    """An array whose elements are all among `element`."""

    element: LazyValue


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
    """What `std.native(name)` gives."""

    name: str


@dataclass(frozen=True, slots=True)
class StdObject:
    """The object `std`."""


@dataclass(frozen=True, slots=True)
class AbstractField:
    """A field of one layer. `conditional` where its computed name may be null."""

    body: Expr | LazyValue
    env: AbstractEnvironment | None
    visibility: Visibility
    plus: bool = False
    conditional: bool = False


@dataclass(eq=False, slots=True)
class AbstractLayer:
    """One object literal. `open` where it may have fields that are not known."""

    fields: dict[str, AbstractField]
    open: bool = False


@dataclass(eq=False, slots=True)
class ObjectLayers:
    """One object: its layers from the lowest to the topmost, and its fields inferred so far."""

    layers: tuple[AbstractLayer, ...]
    inferred: dict[tuple[str, int], AbstractValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AbstractObject:
    """An object that is one of `alternatives`."""

    alternatives: tuple[ObjectLayers, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything at all."""


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
    """Possible values: those of `core`, and null where `nullable`. Without both, none: an error."""

    core: Core | None
    nullable: bool = False


NEVER: Final = AbstractValue(None)
NULL: Final = AbstractValue(None, nullable=True)
ANYTHING: Final = AbstractValue(Unknown(), nullable=True)
BOOLEAN: Final = AbstractValue(Boolean())
TEXT: Final = AbstractValue(Text())
NUMBER: Final = AbstractValue(Number(whole=False))
WHOLE: Final = AbstractValue(Number(whole=True))


@dataclass(eq=False, slots=True)
class LazyValue:
    """A value inferred when it is first asked for; while that goes on it is `ANYTHING`."""

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
    """Variables, and the object that `self` is, at which layer (`super` is what lies below)."""

    variables: dict[str, LazyValue]
    self_object: ObjectLayers | None = None
    level: int = 0


def evaluated(value: AbstractValue) -> LazyValue:
    """A thunk that has its value."""
    return LazyValue(None, value)


def text_of(*values: str) -> AbstractValue:
    """One of a few known strings."""
    return AbstractValue(Text(frozenset(values) if len(values) <= MAX_TEXTS else None))


def join(left: AbstractValue, right: AbstractValue) -> AbstractValue:
    """Everything that either may be."""
    core = _join_core(left.core, right.core)
    return AbstractValue(core, left.nullable or right.nullable)


def _join_core(left: Core | None, right: Core | None) -> Core | None:
    if left is None or right is None or left == right:
        return left if right is None else right
    match left, right:
        case Number(), Number():
            return Number(left.whole and right.whole)
        case Text(), Text():
            return Text(_join_texts(left, right), left.timestamp and right.timestamp)
        case Boolean(), Boolean():
            return Boolean()
        case AbstractArray(), AbstractArray():
            return AbstractArray(LazyValue(lambda: join(left.element.get(), right.element.get())))
        case AbstractObject(), AbstractObject():
            both = left.alternatives + right.alternatives
            return AbstractObject(both) if len(both) <= MAX_ALTERNATIVES else Unknown()
        case _:
            return Unknown()


def _join_texts(left: Text, right: Text) -> frozenset[str] | None:
    if left.values is None or right.values is None:
        return None
    both = left.values | right.values
    return both if len(both) <= MAX_TEXTS else None


def column_type(value: AbstractValue) -> ColumnType:
    """The column that holds every possible value (CONTRACT §6)."""
    match value.core:
        case Number(whole=whole):
            return ColumnType.BIGINT if whole else ColumnType.DOUBLE
        case Text(timestamp=timestamp):
            return ColumnType.TIMESTAMPTZ if timestamp else ColumnType.TEXT
        case Boolean():
            return ColumnType.BOOLEAN
        case _:
            return ColumnType.JSONB

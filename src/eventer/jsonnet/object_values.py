"""Objects: layers of members, the lowest first; `+` puts the layers of the right on the left's.

The value of a member belongs to (object, layer, name). It is computed at most once, in a frame that
the members of one layer in one object share: `self` is the whole object, `super` the layers below.
Merged tables of the layers are created on first use.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.context import Context
from eventer.jsonnet.error_trace import add_trace_frame
from eventer.jsonnet.object_layers import (
    HIDDEN,
    INHERIT,
    PLAIN_OBJECT_CODE,
    FieldTable,
    Layer,
    LayerField,
    layers_by_name,
    merged_table,
    visible_names,
)
from eventer.jsonnet.values import Code, Frame, Operand, Thunk, Value, recursion_error

MISSING: Final = object()


class Object:
    """An object value.

    `cache` holds the values of members looked up from the top layer; the evaluator reads it before
    it calls `get`. `has_asserts`: a layer has asserts; `asserts_pending`: they have not run yet;
    `uses_draw_key`: a layer may depend on its context.
    """

    __slots__ = (
        "_frames",
        "_in_progress",
        "_layers_of",
        "_names",
        "_super_tables",
        "_supers",
        "_table",
        "asserts_pending",
        "cache",
        "has_asserts",
        "layers",
        "uses_draw_key",
    )

    def __init__(self, layers: tuple[Layer, ...], has_asserts: bool, uses_draw_key: bool) -> None:  # noqa: FBT001  # made for every object of every event
        self.layers = layers
        self.has_asserts = has_asserts
        self.uses_draw_key = uses_draw_key
        self.cache: dict[str, Value] = {}
        self.asserts_pending = has_asserts
        self._frames: dict[int, Frame] = {}
        self._table: FieldTable | None = None
        self._names: list[str] | None = None
        self._super_tables: dict[int, FieldTable] | None = None
        self._layers_of: Mapping[str, Sequence[int]] | None = None
        self._supers: dict[tuple[int, str], Value] | None = None
        self._in_progress: set[tuple[int, str]] = set()

    # -- names ----------------------------------------------------------------------------------

    @property
    def table(self) -> FieldTable:
        """The entry of every name."""
        table = self._table
        if table is None:
            table = self._table = merged_table(self.layers)
        return table

    def has(self, name: str, *, hidden: bool = True) -> bool:
        """Whether the field exists; with `hidden` false, whether it is visible."""
        entry = self.table.get(name)
        return entry is not None and (hidden or entry[2] is not HIDDEN)

    def names(self, *, hidden: bool = False) -> list[str]:
        """The names of visible or all fields by code point. Do not change the list."""
        if hidden:
            return sorted(self.table)
        if len(self.layers) == 1:
            names = self.layers[0].object_code.visible_names
            if names is not None:
                return names
        if self._names is None:
            self._names = visible_names(self.table)
        return self._names

    # -- values ---------------------------------------------------------------------------------

    def get(self, name: str) -> Value:
        """The value of a field, visible or hidden. The object's asserts run before the first.

        Raises:
            EvaluationError: the field does not exist, or raises.
        """
        value = self.cache.get(name, MISSING)
        if value is not MISSING:
            return value  # type: ignore[return-value]  # the sentinel is ruled out
        if self.asserts_pending:
            self.check_asserts()
        entry = self.table.get(name)
        if entry is None:
            raise self._no_field(name)
        value = self.cache[name] = self._compute(entry[0], entry[1], name)
        return value

    def get_super(self, name: str, below: int) -> Value:
        """The value of a field, looked up below layer `below`."""
        if below == 0:
            raise EvaluationError("`super` needs an object on the left side of `+`")
        entry = self.member_below(name, below)
        if entry is None:
            hint = did_you_mean(name, self.table_below(below))
            raise EvaluationError(f"`super` has no field {name!r}", hint=hint)
        top = self.table.get(name)
        if top is not None and top[0] == entry[0]:
            return self.get(name)
        supers = self._supers
        if supers is None:
            supers = self._supers = {}
        field_key = (entry[0], name)
        if field_key not in supers:
            supers[field_key] = self._compute(entry[0], entry[1], name)
        return supers[field_key]

    def member_below(self, name: str, below: int) -> tuple[int, LayerField] | None:
        """The layer and member of a field in the lowest `below` layers, which `super` sees."""
        numbers = self._layers_of
        if numbers is None:
            numbers = self._layers_of = layers_by_name(self.layers)
        if not numbers:  # a removed field hides layers
            entry = self.table_below(below).get(name)
            return None if entry is None else entry[:2]
        defining = numbers.get(name, ())
        position = bisect_left(defining, below)
        if position == 0:
            return None
        number = defining[position - 1]
        return number, self.layers[number].members[name]

    def table_below(self, below: int) -> FieldTable:
        """The table of the lowest `below` layers, which `super` sees."""
        if self._super_tables is None:
            self._super_tables = {}
        table = self._super_tables.get(below)
        if table is None:
            table = self._super_tables[below] = merged_table(self.layers[:below])
        return table

    def check_asserts(self) -> None:
        """Runs the asserts, the top layer's first, once."""
        if not self.asserts_pending:
            return
        self.asserts_pending = False
        for number in range(len(self.layers) - 1, -1, -1):
            for assertion in self.layers[number].object_code.asserts:
                assertion(self._frame(number))

    def _compute(self, number: int, member: LayerField, name: str) -> Value:
        frame = self._frames.get(number) or self._frame(number)
        meter = frame[1].meter if frame[1] is not None else None
        if meter is not None:
            meter.fuel -= 1
            if meter.fuel < 0:
                meter.refuel()
            meter.depth -= 1
            if meter.depth < 0:
                raise meter.too_deep()
        in_progress, field_key = self._in_progress, (number, name)
        if field_key in in_progress:
            raise recursion_error(f"the field {name!r}", member.span)
        in_progress.add(field_key)
        try:
            value = member.body(frame)
        except TemplateError as error:
            add_trace_frame(error, f"field {name!r}", member.span)
            raise
        in_progress.remove(field_key)
        if meter is not None:
            meter.depth += 1
        return value  # type: ignore[no-any-return]  # code is untyped by design

    def _frame(self, number: int) -> Frame:
        frame = self._frames.get(number)
        if frame is None:
            layer = self.layers[number]
            object_code = layer.object_code
            frame = [
                layer.frame,
                layer.current_context(),
                self,
                number - layer.offset,
                *object_code.pad,
            ]
            for slot, code in object_code.binds:
                frame[slot] = code(frame)
            self._frames[number] = frame
        return frame

    def _no_field(self, name: str) -> EvaluationError:
        names = self.names(hidden=True)
        hint = did_you_mean(name, names)
        if hint is None:
            hint = "the object is empty" if not names else f"it has {_listed(names)}"
        return EvaluationError(f"no field {name!r}", hint=hint)


def add_objects(left: Object, right: Object, elements: tuple[Context, ...]) -> Object:
    """`left + right`, evaluated inside `elements`."""
    return Object(
        _inherited(left, elements) + _inherited(right, elements),
        left.has_asserts or right.has_asserts,
        left.uses_draw_key or right.uses_draw_key,
    )


def _inherited(value: Object, elements: tuple[Context, ...]) -> tuple[Layer, ...]:
    if not elements or not value.uses_draw_key:
        return value.layers
    return tuple([layer.within(elements) for layer in value.layers])


def object_of(fields: Mapping[str, Operand], hidden: Collection[str] = ()) -> Object:
    """An object of operands; its fields keep their values where a list element inherits it."""
    members = {
        name: LayerField(_ready(operand), HIDDEN if name in hidden else INHERIT, None)
        for name, operand in fields.items()
    }
    return Object((Layer(PLAIN_OBJECT_CODE, members, None, None),), False, False)


def without_field(value: Object, name: str) -> Object:
    """The object without a field, which `super` and the existing fields still see."""
    cover = Layer(PLAIN_OBJECT_CODE, {}, None, None)
    cover.covered_layers, cover.removed_name = len(value.layers), name
    return Object((*value.layers, cover), value.has_asserts, value.uses_draw_key)


def _ready(operand: Operand) -> Code:
    if operand.__class__ is Thunk:
        return lambda _frame: operand.force()
    return lambda _frame: operand


def _listed(names: list[str], most: int = 8) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more

"""Objects: layers of members, the lowest first; `+` puts the layers of the right on the left's.

A member's value belongs to (object, layer, name): it is computed at most once, in a frame shared
by the members of one layer in one object, where `self` is the whole object and `super` the layers
below. Merged views of the layers are made when first asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.near import did_you_mean
from eventer.jsonnet.context import Context
from eventer.jsonnet.layers import HIDDEN, INHERIT, PLAIN, Layer, Member, Table, table_of, visible
from eventer.jsonnet.trace import note
from eventer.jsonnet.values import Code, Frame, Operand, Thunk, Value

MISSING: Final = object()


class Object:
    """An object value.

    `cache` holds the values of members found from the top, by name; the evaluator looks there
    before it calls `get`. `asserted` says that a layer has asserts, `unchecked` that they have not
    run yet; `contextual` that a layer may depend on its context.
    """

    __slots__ = (
        "_busy",
        "_frames",
        "_lower",
        "_names",
        "_supers",
        "_table",
        "asserted",
        "cache",
        "contextual",
        "layers",
        "unchecked",
    )

    def __init__(self, layers: tuple[Layer, ...], asserted: bool, contextual: bool) -> None:  # noqa: FBT001  # made for every object of every event
        self.layers = layers
        self.asserted = asserted
        self.contextual = contextual
        self.cache: dict[str, Value] = {}
        self.unchecked = asserted
        self._frames: dict[int, Frame] = {}
        self._table: Table | None = None
        self._names: list[str] | None = None
        self._lower: dict[int, Table] | None = None
        self._supers: dict[tuple[int, str], Value] | None = None
        self._busy: set[tuple[int, str]] = set()

    # -- names ----------------------------------------------------------------------------------

    @property
    def table(self) -> Table:
        """Every name, and where it is found."""
        table = self._table
        if table is None:
            table = self._table = table_of(self.layers)
        return table

    def has(self, name: str, *, hidden: bool = True) -> bool:
        """Whether there is such a field; without `hidden`, whether there is a visible one."""
        entry = self.table.get(name)
        return entry is not None and (hidden or entry[2] is not HIDDEN)

    def names(self, *, hidden: bool = False) -> list[str]:
        """The field names by code point: the visible ones, or all of them. Do not change it."""
        if hidden:
            return sorted(self.table)
        if len(self.layers) == 1:
            names = self.layers[0].shape.visible
            if names is not None:
                return names
        if self._names is None:
            self._names = visible(self.table)
        return self._names

    # -- values ---------------------------------------------------------------------------------

    def get(self, name: str) -> Value:
        """The value of a field, visible or hidden. The object's asserts run before the first.

        Raises:
            EvaluationError: there is none (a near name is the hint), or what the field raises.
        """
        value = self.cache.get(name, MISSING)
        if value is not MISSING:
            return value  # type: ignore[return-value]  # the sentinel is ruled out
        if self.unchecked:
            self.check()
        entry = self.table.get(name)
        if entry is None:
            raise self._no_field(name)
        value = self.cache[name] = self._compute(entry[0], entry[1], name)
        return value

    def get_super(self, name: str, below: int) -> Value:
        """The value of a field as found below layer `below`."""
        if below == 0:
            raise EvaluationError(
                "there is nothing below this object: super needs a left side of +"
            )
        entry = self.table_below(below).get(name)
        if entry is None:
            hint = did_you_mean(name, self.table_below(below))
            raise EvaluationError(f"super has no field {name!r}", hint=hint)
        top = self.table.get(name)
        if top is not None and top[0] == entry[0]:
            return self.get(name)
        supers = self._supers
        if supers is None:
            supers = self._supers = {}
        place = (entry[0], name)
        if place not in supers:
            supers[place] = self._compute(entry[0], entry[1], name)
        return supers[place]

    def table_below(self, below: int) -> Table:
        """Every name that `super` has where `below` layers are below."""
        if self._lower is None:
            self._lower = {}
        table = self._lower.get(below)
        if table is None:
            table = self._lower[below] = table_of(self.layers[:below])
        return table

    def check(self) -> None:
        """Runs the asserts, the top layer's first, once."""
        if not self.unchecked:
            return
        self.unchecked = False
        for number in range(len(self.layers) - 1, -1, -1):
            for assertion in self.layers[number].shape.asserts:
                assertion(self._frame(number))

    def _compute(self, number: int, member: Member, name: str) -> Value:
        frame = self._frames.get(number) or self._frame(number)
        meter = frame[1].meter if frame[1] is not None else None
        if meter is not None:
            meter.fuel -= 1
            if meter.fuel < 0:
                meter.refuel()
            meter.depth -= 1
            if meter.depth < 0:
                raise meter.too_deep()
        busy, place = self._busy, (number, name)
        if place in busy:
            raise EvaluationError(f"field {name!r} needs itself: infinite recursion", member.span)
        busy.add(place)
        try:
            value = member.body(frame)
        except TemplateError as error:
            note(error, f"field {name!r}", member.span)
            raise
        busy.remove(place)
        if meter is not None:
            meter.depth += 1
        return value  # type: ignore[no-any-return]  # code is untyped by design

    def _frame(self, number: int) -> Frame:
        frame = self._frames.get(number)
        if frame is None:
            layer = self.layers[number]
            shape = layer.shape
            frame = [layer.frame, layer.drawn_in(), self, number - layer.offset, *shape.pad]
            for slot, code in shape.binds:
                frame[slot] = code(frame)
            self._frames[number] = frame
        return frame

    def _no_field(self, name: str) -> EvaluationError:
        names = self.names(hidden=True)
        hint = did_you_mean(name, names)
        if hint is None:
            hint = "the object is empty" if not names else f"it has {_listed(names)}"
        return EvaluationError(f"no field {name!r}", hint=hint)


def combine(left: Object, right: Object, elements: tuple[Context, ...]) -> Object:
    """`left + right`, made inside `elements`."""
    return Object(
        _inherited(left, elements) + _inherited(right, elements),
        left.asserted or right.asserted,
        left.contextual or right.contextual,
    )


def _inherited(value: Object, elements: tuple[Context, ...]) -> tuple[Layer, ...]:
    if not elements or not value.contextual:
        return value.layers
    return tuple([layer.within(elements) for layer in value.layers])


def object_of(fields: Mapping[str, Operand], hidden: Collection[str] = ()) -> Object:
    """An object of ready operands; inherited in a list element, its fields keep their values."""
    members = {
        name: Member(_ready(operand), HIDDEN if name in hidden else INHERIT, None)
        for name, operand in fields.items()
    }
    return Object((Layer(PLAIN, members, None, None),), False, False)


def without(value: Object, name: str) -> Object:
    """The object without a field, which `super` and fields that were written below still see."""
    cover = Layer(PLAIN, {}, None, None)
    cover.covers, cover.removed = len(value.layers), name
    return Object((*value.layers, cover), value.asserted, value.contextual)


def _ready(operand: Operand) -> Code:
    if operand.__class__ is Thunk:
        return lambda _frame: operand.force()
    return lambda _frame: operand


def _listed(names: list[str], most: int = 8) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more

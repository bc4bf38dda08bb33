"""Objects in a trace: rows can lack fields, and each object belongs to a domain."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.context import Context
from eventer.jsonnet.nodes import Visibility
from eventer.jsonnet.object_layers import (
    HIDDEN,
    INHERIT,
    PLAIN_OBJECT_CODE,
    FieldEntry,
    FieldTable,
    Layer,
    LayerField,
    layers_by_name,
)
from eventer.jsonnet.object_values import MISSING, Object
from eventer.jsonnet.operators import LAYERS_PER_STEP
from eventer.jsonnet.values import Code, Frame, Value
from eventer.plan.graph import Domain, Type
from eventer.plan.symbols import Symbol
from eventer.plan.unsupported import PlanUnsupportedError

if TYPE_CHECKING:
    from eventer.plan.trace.tracer import Tracer

Chain: TypeAlias = tuple[FieldEntry, ...]
"""The members that define a field, the uppermost first; all but the last are optional."""

_VARYING: Final = "the fields of an object differ between events"


class OptionalMember(LayerField):
    """A field that exists in rows with a condition."""

    __slots__ = ("condition",)

    def __init__(
        self, body: Code, visibility: Visibility, span: Span | None, condition: Symbol
    ) -> None:
        super().__init__(body, visibility, span)
        self.condition = condition


class TracedObject(Object):
    """An object of one domain; its fields are computed there, whatever the current domain is."""

    __slots__ = (
        "_chains",
        "_inherited_visibilities",
        "_tracer",
        "_values",
        "domain",
        "sealed",
    )

    def __init__(
        self,
        tracer: Tracer,
        layers: tuple[Layer, ...],
        *,
        has_asserts: bool,
        uses_draw_key: bool,
        sealed: bool = False,
    ) -> None:
        super().__init__(layers, has_asserts, uses_draw_key)
        self.domain = tracer.domain
        self.sealed = sealed
        self._tracer = tracer
        self._chains: dict[tuple[str, int], Chain] = {}
        self._values: dict[tuple[int, str], Any] = {}
        self._inherited_visibilities: dict[str, dict[int, Visibility]] = {}

    # -- names ----------------------------------------------------------------------------------

    def chain(self, name: str, below: int | None = None) -> Chain:
        """The members that define a field, in all layers or below one."""
        stop = len(self.layers) if below is None else below
        found = self._chains.get((name, stop))
        if found is None:
            found = self._chains[name, stop] = tuple(self._find(name, stop))
        return found

    def _find(self, name: str, stop: int) -> list[FieldEntry]:
        chain: list[FieldEntry] = []
        for number, member in self._defining_members(name, stop):
            chain.append((number, member, self._visibility(name, number)))
            if not isinstance(member, OptionalMember):
                break
        if len({entry[2] is HIDDEN for entry in chain}) > 1:
            raise PlanUnsupportedError(f"the field {name!r} is hidden in some events only")
        return chain

    def _defining_members(self, name: str, stop: int) -> Iterator[tuple[int, LayerField]]:
        """The members of a name in the layers below `stop`, the uppermost first."""
        if self._layers_of is None:
            self._layers_of = layers_by_name(self.layers)
        numbers = self._layers_of.get(name, ())
        for position in range(bisect_left(numbers, stop) - 1, -1, -1):
            number = numbers[position]
            yield number, self.layers[number].members[name]

    def _visibility(self, name: str, number: int) -> Visibility:
        """The visibility of a member in view of the layers below, found once for all of them."""
        inherited = self._inherited_visibilities.setdefault(name, {})
        inheriting: list[int] = []
        visibility = INHERIT
        for below, member in self._defining_members(name, number + 1):
            if below in inherited:
                visibility = inherited[below]
                break
            if member.visibility is not INHERIT:
                if inheriting and isinstance(member, OptionalMember):
                    raise PlanUnsupportedError(f"the field {name!r} is hidden in some events only")
                visibility = member.visibility
                break
            inheriting.append(below)
        inherited.update(dict.fromkeys(inheriting, visibility))
        return visibility

    def fields(self) -> list[tuple[str, Chain]]:
        """The visible fields of all rows, by code point."""
        names = sorted({name for layer in self.layers for name in layer.members})
        chains = [(name, self.chain(name)) for name in names]
        return [(name, chain) for name, chain in chains if chain[0][2] is not HIDDEN]

    def present(self, name: str, *, hidden: bool = True, below: int | None = None) -> Any:
        """Whether the object has a field: a symbol if that differs between rows."""
        chain = self.chain(name, below)
        if not chain or (chain[0][2] is HIDDEN and not hidden):
            return False
        if not isinstance(chain[-1][1], OptionalMember):
            return True
        if len(chain) > 1:
            raise PlanUnsupportedError(_VARYING)
        return self._tracer.simplified(chain[0][1].condition)  # type: ignore[attr-defined]  # is optional

    def has(self, name: str, *, hidden: bool = True) -> Any:
        """See `Object.has` and `present`."""
        return self.present(name, hidden=hidden)

    def names(self, *, hidden: bool = False) -> list[str]:
        """See `Object.names`.

        Raises:
            PlanUnsupportedError: they differ between rows.
        """
        names = sorted({name for layer in self.layers for name in layer.members})
        found = []
        for name in names:
            present = self.present(name, hidden=hidden)
            if present is not True and present is not False:
                raise PlanUnsupportedError(_VARYING)
            if present:
                found.append(name)
        return found

    def table_below(self, below: int) -> FieldTable:
        """See `Object.table_below`; optional fields are included."""
        names = {name for layer in self.layers[:below] for name in layer.members}
        return {name: self.chain(name, below)[0] for name in names}

    # -- values ---------------------------------------------------------------------------------

    def get(self, name: str) -> Value:
        """See `Object.get`; rows without the field raise."""
        value = self.cache.get(name, MISSING)
        if value is not MISSING:
            return value  # type: ignore[return-value]  # the sentinel is ruled out
        if self.asserts_pending:
            self.check_asserts()
        chain = self.chain(name)
        if chain and isinstance(chain[0][1], OptionalMember):
            return self.resolve(chain, name)  # type: ignore[no-any-return]
        found = self.cache[name] = self.resolve(chain, name)
        return found  # type: ignore[no-any-return]

    def get_super(self, name: str, below: int) -> Value:
        """See `Object.get_super`."""
        chain = self.chain(name, below)
        if chain and chain == self.chain(name):
            return self.get(name)
        return self.resolve(chain, name)  # type: ignore[no-any-return]

    def resolve(self, chain: Chain, name: str) -> Any:
        """The value of a field in the current domain."""
        if not chain:
            known = {name for layer in self.layers for name in layer.members}
            raise EvaluationError(f"no field {name!r}", hint=did_you_mean(name, known))
        number, member, _ = chain[0]
        if not isinstance(member, OptionalMember):
            return self._in(self.domain, number, member, name)
        return self._tracer.choose(
            member.condition,
            lambda: self.part(number, member, name),
            lambda: self.resolve(chain[1:], name),
        )

    def part(self, number: int, member: OptionalMember, name: str) -> Any:
        """The value of an optional field in the current domain, whose rows all have it."""
        tracer = self._tracer
        with tracer.inside(self.domain):
            condition = tracer.simplified(member.condition)
            rows = self.domain if condition is True else tracer.part(condition, holds=True)
        value = self._in(rows, number, member, name)
        if tracer.domain.within(rows):
            return value
        from eventer.plan.trace.row_views import view_from

        return view_from(tracer, rows, value)

    def _in(self, rows: Domain, number: int, member: LayerField, name: str) -> Any:
        """The value of a member, computed once, in the domain of its rows."""
        found = self._values.get((number, name), MISSING)
        if found is MISSING:
            with self._tracer.inside(rows):
                found = self._compute_once(number, member, name)
            self._values[number, name] = found
        return found

    def _compute_once(self, number: int, member: LayerField, name: str) -> Value:
        key = (number, name)
        around = key in self._in_progress  # then this raises, perhaps only in some rows
        try:
            return self._compute(number, member, name)
        finally:
            if not around:
                self._in_progress.discard(key)

    def _frame(self, number: int) -> Frame:
        with self._tracer.inside(self.domain):
            return super()._frame(number)

    def check_asserts(self) -> None:
        """See `Object.check_asserts`."""
        try:
            with self._tracer.inside(self.domain):
                super().check_asserts()
        except EvaluationError:
            # The next use raises again, also of a field that the asserts have read.
            self.asserts_pending = self.has_asserts
            self.cache.clear()
            raise


def merge_objects(
    tracer: Tracer, left: Object, right: Object, elements: tuple[Context, ...]
) -> TracedObject:
    """`left + right`, evaluated inside `elements`.

    Raises:
        PlanUnsupportedError: a side is an element of a list, or has a removed field.
    """
    for side in (left, right):
        if isinstance(side, TracedObject) and side.sealed:
            raise PlanUnsupportedError("an object from a list element is extended")
        if any(layer.covered_layers for layer in side.layers):
            raise PlanUnsupportedError("an object is extended after a field was removed")
    tracer.charge(1 + (len(left.layers) + len(right.layers)) // LAYERS_PER_STEP)
    return TracedObject(
        tracer,
        _inherited(left, elements) + _inherited(right, elements),
        has_asserts=left.has_asserts or right.has_asserts,
        uses_draw_key=left.uses_draw_key or right.uses_draw_key,
    )


def _inherited(value: Object, elements: tuple[Context, ...]) -> tuple[Layer, ...]:
    if not elements or not value.uses_draw_key:
        return value.layers
    return tuple([layer.within(elements) for layer in value.layers])


def object_of_dictionary(tracer: Tracer, dictionary: Symbol) -> TracedObject:
    """A dictionary of plain objects as one object whose fields are dictionaries."""
    entries = dictionary.node.entries
    names = sorted({name for entry in entries for name in entry})
    members: dict[str, LayerField] = {}
    for name in names:
        body = _field_of(tracer, dictionary, name)
        present = tuple(name in entry for entry in entries)
        if all(present):
            members[name] = LayerField(body, INHERIT, None)
        else:
            condition = tracer.compute("entries", [dictionary], Type.DICTIONARY, entries=present)
            members[name] = OptionalMember(body, INHERIT, None, condition)
    layers = (Layer(PLAIN_OBJECT_CODE, members, None, None),)
    return TracedObject(tracer, layers, has_asserts=False, uses_draw_key=False)


def _field_of(tracer: Tracer, dictionary: Symbol, name: str) -> Code:
    entries = tuple(entry.get(name) for entry in dictionary.node.entries)

    def read(_frame: Frame) -> Any:
        return tracer.simplified(
            tracer.compute("entries", [dictionary], Type.DICTIONARY, entries=entries)
        )

    return read

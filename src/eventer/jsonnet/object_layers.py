"""Layers: the fields that one object literal adds to an object, and merged views of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from eventer.core.source import Span
from eventer.jsonnet.context import Context
from eventer.jsonnet.nodes import Visibility
from eventer.jsonnet.values import Code

SELF_SLOT: Final = 2
SUPER_SLOT: Final = 3
"""Slots of a layer's frame: the object, and the number of layers below (for `super`)."""

FIRST_OBJECT_VARIABLE: Final = 4

INHERIT: Final = Visibility.INHERIT
HIDDEN: Final = Visibility.HIDDEN


class LayerField:
    """One field of a layer: how to compute it in the layer's frame."""

    __slots__ = ("body", "span", "visibility")

    def __init__(self, body: Code, visibility: Visibility, span: Span | None) -> None:
        self.body = body
        self.visibility = visibility
        self.span = span


FieldEntry: TypeAlias = tuple[int, LayerField, Visibility]
"""The layer of a field, its member there, and its visibility in view of all layers."""

FieldTable: TypeAlias = dict[str, FieldEntry]


class ObjectCode:
    """The code that all layers of one object literal share.

    `binds` are the object's locals as (slot, code of the operand); `pad` are the slots after `self`
    and `super`. `uses_draw_key` is false if the value cannot depend on the draw key.
    """

    __slots__ = ("asserts", "binds", "pad", "table", "uses_draw_key", "visible_names")

    def __init__(
        self,
        pad: list[None],
        binds: tuple[tuple[int, Code], ...],
        asserts: tuple[Code, ...],
        *,
        uses_draw_key: bool,
    ) -> None:
        self.pad = pad
        self.binds = binds
        self.asserts = asserts
        self.uses_draw_key = uses_draw_key
        self.table: FieldTable | None = None
        self.visible_names: list[str] | None = None


PLAIN_OBJECT_CODE: Final = ObjectCode([], (), (), uses_draw_key=False)
"""The code of objects whose fields are ready values."""

_FEW_CHAINS: Final = 8

Pending: TypeAlias = "tuple[Pending | None, tuple[Context, ...]]"


class Layer:
    """Members written in one frame and one context.

    `offset` counts the layers below it of the same comprehension, which `super` does not see.
    `pending_elements` are the chains of elements in which `+` has inherited it, last one first.
    A layer that covers `covered_layers` layers below has no members: it removes `removed_name`.
    """

    __slots__ = (
        "context",
        "covered_layers",
        "frame",
        "members",
        "object_code",
        "offset",
        "pending_elements",
        "removed_name",
    )

    def __init__(
        self,
        object_code: ObjectCode,
        members: Mapping[str, LayerField],
        frame: Any,
        context: Context | None,
        offset: int = 0,
    ) -> None:
        self.object_code = object_code
        self.members = members
        self.frame = frame
        self.context = context
        self.offset = offset
        self.pending_elements: Pending | None = None
        self.covered_layers = 0
        self.removed_name = ""

    def within(self, elements: tuple[Context, ...]) -> Layer:
        """This layer inherited inside `elements`: its draws differ between new elements."""
        context = self.context
        if context is None or not elements or not self.object_code.uses_draw_key:
            return self
        pending_elements = self.pending_elements
        if elements is (context.elements if pending_elements is None else pending_elements[1]):
            return self
        layer = Layer(self.object_code, self.members, self.frame, context, self.offset)
        layer.pending_elements = (pending_elements, elements)
        return layer

    def current_context(self) -> Context | None:
        """The context of its members."""
        context, pending_elements = self.context, self.pending_elements
        if pending_elements is None or context is None:
            return context
        chains = []
        while pending_elements is not None:
            pending_elements, chain = pending_elements
            chains.append(chain)
        if len(chains) > _FEW_CHAINS:
            context = context.within_chains(reversed(chains))
        else:  # with contexts that the next events reuse
            for chain in reversed(chains):
                context = context.within_elements(chain)
        self.context, self.pending_elements = context, None
        return context


def merged_table(layers: tuple[Layer, ...]) -> FieldTable:
    """The entry of every name, found from the top."""
    if len(layers) == 1 and not layers[0].covered_layers:
        table = layers[0].object_code.table
        return single_layer_table(layers[0].members) if table is None else table
    return _merged(layers, 0, len(layers))


def single_layer_table(members: Mapping[str, LayerField]) -> FieldTable:
    """The table of a single layer."""
    return {name: (0, member, member.visibility) for name, member in members.items()}


def layers_by_name(layers: tuple[Layer, ...]) -> Mapping[str, Sequence[int]]:
    """The numbers of the layers that define each name, ascending; empty if a field is removed.

    A table for each layer that a long chain of `super` sees would take quadratic time.
    """
    numbers: dict[str, list[int]] = {}
    for number, layer in enumerate(layers):
        if layer.covered_layers:
            return {}
        for name in layer.members:
            numbers.setdefault(name, []).append(number)
    return numbers


def visible_names(table: FieldTable) -> list[str]:
    """The names that are not hidden, by code point."""
    return sorted([name for name, entry in table.items() if entry[2] is not HIDDEN])


def _merged(layers: tuple[Layer, ...], start: int, stop: int) -> FieldTable:
    """The table of layers [start, stop). A layer above a cover can define a removed name again."""
    cover = next((i for i in range(stop - 1, start - 1, -1) if layers[i].covered_layers), None)
    table: FieldTable = {}
    if cover is None:
        cover = start - 1
    else:
        bottom = cover - layers[cover].covered_layers
        table = _merged(layers, start, bottom)
        covered = _merged(layers, bottom, cover)
        covered.pop(layers[cover].removed_name, None)
        for name, entry in covered.items():
            _put(table, name, entry)
    for number in range(cover + 1, stop):
        for name, member in layers[number].members.items():
            _put(table, name, (number, member, member.visibility))
    return table


def _put(table: FieldTable, name: str, entry: FieldEntry) -> None:
    """Puts an entry over the one below it, whose visibility it may inherit."""
    number, member, visibility = entry
    if visibility is INHERIT and name in table:
        visibility = table[name][2]
    table[name] = (number, member, visibility)

"""Layers: what one object literal adds to an object, and the merged view of several of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from eventer.core.source import Span
from eventer.jsonnet.context import Context
from eventer.jsonnet.nodes import Visibility
from eventer.jsonnet.values import Code

SELF_SLOT: Final = 2
SUPER_SLOT: Final = 3
"""Slots of a layer's frame: the object, and how many layers are below (what `super` is)."""

FIRST_SLOT: Final = 4

INHERIT: Final = Visibility.INHERIT
HIDDEN: Final = Visibility.HIDDEN


class Member:
    """One field of a layer: how to compute it in the layer's frame."""

    __slots__ = ("body", "span", "visibility")

    def __init__(self, body: Code, visibility: Visibility, span: Span | None) -> None:
        self.body = body
        self.visibility = visibility
        self.span = span


Entry: TypeAlias = tuple[int, Member, Visibility]
"""Where a name is found: the layer, its member there; and its visibility, all layers considered."""

Table: TypeAlias = dict[str, Entry]


class Shape:
    """What all layers made by one object literal share.

    `binds` are the object's locals as (slot, code of the operand); `pad` are the slots after `self`
    and `super`. `contextual` says whether the draw key can be observed at all.
    """

    __slots__ = ("asserts", "binds", "contextual", "pad", "table", "visible")

    def __init__(
        self,
        pad: list[None],
        binds: tuple[tuple[int, Code], ...],
        asserts: tuple[Code, ...],
        *,
        contextual: bool,
    ) -> None:
        self.pad = pad
        self.binds = binds
        self.asserts = asserts
        self.contextual = contextual
        self.table: Table | None = None
        self.visible: list[str] | None = None


PLAIN: Final = Shape([], (), (), contextual=False)
"""The shape of objects whose fields are values made by a function."""

Pending: TypeAlias = "tuple[Pending | None, tuple[Context, ...]]"


class Layer:
    """Members written in one frame and one context.

    `offset` counts the sisters below it that belong to the same comprehension, which `super` does
    not see. `inside` are the chains of elements that `+` has since put it in, the last one first.
    A layer that `covers` layers below has no members: it takes the name `removed` from them.
    """

    __slots__ = ("context", "covers", "frame", "inside", "members", "offset", "removed", "shape")

    def __init__(
        self,
        shape: Shape,
        members: Mapping[str, Member],
        frame: Any,
        context: Context | None,
        offset: int = 0,
    ) -> None:
        self.shape = shape
        self.members = members
        self.frame = frame
        self.context = context
        self.offset = offset
        self.inside: Pending | None = None
        self.covers = 0
        self.removed = ""

    def within(self, elements: tuple[Context, ...]) -> Layer:
        """This layer inherited inside `elements`: drawn anew in those it was not written in."""
        context = self.context
        if context is None or not elements or not self.shape.contextual:
            return self
        inside = self.inside
        if elements is (context.elements if inside is None else inside[1]):
            return self
        layer = Layer(self.shape, self.members, self.frame, context, self.offset)
        layer.inside = (inside, elements)
        return layer

    def drawn_in(self) -> Context | None:
        """The context of its members."""
        context, inside = self.context, self.inside
        if inside is None or context is None:
            return context
        chains = []
        while inside is not None:
            inside, chain = inside
            chains.append(chain)
        for chain in reversed(chains):
            context = context.rebased(chain)
        self.context, self.inside = context, None
        return context


def table_of(layers: tuple[Layer, ...]) -> Table:
    """Every name of the layers, and where it is found from the top."""
    if len(layers) == 1 and not layers[0].covers:
        table = layers[0].shape.table
        return single(layers[0].members) if table is None else table
    return _merged(layers, 0, len(layers))


def single(members: Mapping[str, Member]) -> Table:
    """The view of one layer alone."""
    return {name: (0, member, member.visibility) for name, member in members.items()}


def visible(table: Table) -> list[str]:
    """The names that are not hidden, by code point."""
    return sorted([name for name, entry in table.items() if entry[2] is not HIDDEN])


def _merged(layers: tuple[Layer, ...], start: int, stop: int) -> Table:
    """The view over layers [start, stop). What a cover hides, layers above it can bring back."""
    cover = next((i for i in range(stop - 1, start - 1, -1) if layers[i].covers), None)
    table: Table = {}
    if cover is None:
        cover = start - 1
    else:
        bottom = cover - layers[cover].covers
        table = _merged(layers, start, bottom)
        covered = _merged(layers, bottom, cover)
        covered.pop(layers[cover].removed, None)
        for name, entry in covered.items():
            _put(table, name, entry)
    for number in range(cover + 1, stop):
        for name, member in layers[number].members.items():
            _put(table, name, (number, member, member.visibility))
    return table


def _put(table: Table, name: str, entry: Entry) -> None:
    """Lays an entry over what is below it, whose visibility it may inherit."""
    number, member, visibility = entry
    if visibility is INHERIT and name in table:
        visibility = table[name][2]
    table[name] = (number, member, visibility)

"""The dynamic context of an evaluation: its draw key, and the list elements around it.

Contexts form a tree. It is cached (up to a number of contexts): the same application in the same
context is the same object in every event of a stream, and a key is hashed once, at its first draw.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from eventer.jsonnet.budget import Meter
from eventer.jsonnet.natives import DrawKeys

Steps: TypeAlias = tuple[int, ...]
"""Steps of a key: a site; (site, i) of an element; (site, argument, i) of one in a std call."""

MAX_CACHED_CONTEXTS: Final = 20_000
"""Contexts cached within an event and between events."""


class Context:
    """A draw key and the chain of list elements, outermost first. Immutable except for its cache.

    Each item of the chain is the first context of that element.
    """

    __slots__ = ("_cache", "_key", "_parent", "_steps", "elements", "keys", "meter")

    elements: tuple[Context, ...]

    def __init__(
        self,
        parent: Context | None,
        steps: Steps,
        elements: tuple[Context, ...],
        keys: DrawKeys,
        meter: Meter,
    ) -> None:
        self._parent = parent
        self._steps = steps
        self.elements = elements
        self.keys = keys
        self.meter = meter
        self._key: int | None = None
        self._cache: dict[object, Context] | None = None
        meter.contexts += 1

    @classmethod
    def root(cls, key: int, keys: DrawKeys, meter: Meter) -> Context:
        """A new root."""
        root = cls(None, (), (), keys, meter)
        root._key = key
        return root

    @property
    def key(self) -> int:
        """The draw key."""
        key = self._key
        return self._hash() if key is None else key

    @property
    def steps(self) -> Steps:
        """The steps that lead here from the parent context."""
        return self._steps

    def child(self, step: int) -> Context:
        """The context of the application at site `step`: key H(K, step), the same elements."""
        cache = self._cache
        if cache is not None:
            child = cache.get(step)
            if child is not None:
                return child
        child = Context(self, (step,), self.elements, self.keys, self.meter)
        return self._cached(step, child)

    def element_context(self, steps: Steps) -> Context:
        """The context of a list element: `steps` hashed in order; the element joins the chain."""
        cache = self._cache
        if cache is not None:
            element_context = cache.get(steps)
            if element_context is not None:
                return element_context
        element_context = Context(self, steps, (), self.keys, self.meter)
        element_context.elements = (*self.elements, element_context)
        return self._cached(steps, element_context)

    def within_elements(self, elements: tuple[Context, ...]) -> Context:
        """This context inside `elements`, for draws that differ between elements.

        The steps of each element outside the chain are added to the key in order; it joins the
        chain.
        """
        if elements is self.elements:
            return self
        place = (None, *elements)
        cache = self._cache
        if cache is not None:
            within_elements = cache.get(place)
            if within_elements is not None:
                return within_elements
        inside = {element.key for element in self.elements}
        added = [element for element in elements if element.key not in inside]
        self.meter.charge_steps(len(elements))
        if not added:
            return self
        steps = tuple([step for element in added for step in element.steps])
        chain = (*self.elements, *added)
        within_elements = Context(self, steps, chain, self.keys, self.meter)
        return self._cached(place, within_elements)

    def within_chains(self, chains: Iterable[tuple[Context, ...]]) -> Context:
        """`within_elements` for each chain in order, in time linear in their lengths."""
        inside = {element.key for element in self.elements}
        added: list[Context] = []
        for chain in chains:
            self.meter.charge_steps(len(chain))
            new = [element for element in chain if element.key not in inside]
            inside.update([element.key for element in new])
            added += new
        if not added:
            return self
        steps = tuple([step for element in added for step in element.steps])
        return Context(self, steps, (*self.elements, *added), self.keys, self.meter)

    def _cached(self, place: object, context: Context) -> Context:
        if self.meter.contexts < MAX_CACHED_CONTEXTS:
            if self._cache is None:
                self._cache = {}
            self._cache[place] = context
        return context

    def _hash(self) -> int:
        """Hashes the steps from the nearest context with a known key, without recursion."""
        ahead: list[Context] = []
        context, key = self, self._key
        while key is None:
            ahead.append(context)
            assert context._parent is not None  # of the same class
            context = context._parent  # of the same class
            key = context._key  # noqa: SLF001  # of the same class
        child = self.keys.child
        for context in reversed(ahead):
            for step in context._steps:  # noqa: SLF001  # of the same class
                key = child(key, step)
            context._key = key  # noqa: SLF001  # of the same class
        return key

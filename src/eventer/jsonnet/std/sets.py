"""Sorting, smallest and largest elements, and sets, which are sorted arrays.

A key function is called once per element. Its draws are keyed by the position of the element;
positions in a second array follow those of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key
from typing import TypeAlias

from eventer.jsonnet.std.arguments import ABSENT, IDENTITY, characters, expect, key_of
from eventer.jsonnet.std.declarations import Call, function, lazy, optional, strict
from eventer.jsonnet.values import Array, Function, Operand, Value

_Keyed: TypeAlias = tuple[Value, Operand]
"""A key and its element."""


def _keyed(call: Call, items: list[Operand], key: Function, argument: int) -> list[_Keyed]:
    call.meter.charge_elements(len(items))
    return [(key_of(call, key, item, argument, i), item) for i, item in enumerate(items)]


@function("sort", strict("arr"), optional("keyF", IDENTITY))
def sort(call: Call, array: Value, key: Value) -> Value:
    """The elements sorted by their keys; the sort is stable."""
    items = call.array(array, "arr").items
    ordered = _sorted(call, _keyed(call, items, call.function(key, "keyF"), 1))
    return Array([item for _, item in ordered])


def _sorted(call: Call, keyed: list[_Keyed]) -> list[_Keyed]:
    call.meter.charge_steps(len(keyed) * len(keyed).bit_length())
    keys = {type(key) for key, _ in keyed}
    if keys == {str}:
        lengths = sum(len(key) for key, _ in keyed if isinstance(key, str))
        call.meter.charge_copying(lengths * len(keyed).bit_length())
    if keys in ({float}, {str}):
        return sorted(keyed, key=lambda pair: pair[0])  # type: ignore[arg-type,return-value]  # all floats or all strings
    order = cmp_to_key(call.compare)
    return sorted(keyed, key=lambda pair: order(pair[0]))


@function("uniq", strict("arr"), optional("keyF", IDENTITY, lazy=True))
def uniq(call: Call, array: Value, key: Operand) -> Value:
    """The elements without those whose key equals that of the last one kept."""
    expect(call, array, "arr", "array", "string")
    items = characters(call, array)
    if len(items) < 2:
        return Array(items[:])
    return _unique(call, _keyed(call, items, call.function(call.force(key), "keyF"), 1))


def _unique(call: Call, keyed: list[_Keyed]) -> Array:
    kept: list[_Keyed] = []
    for pair in keyed:
        call.meter.charge_steps(1)
        if not kept or not call.equals(kept[-1][0], pair[0]):
            kept.append(pair)
    return Array([item for _, item in kept])


@function("set", strict("arr"), optional("keyF", IDENTITY))
def set_of(call: Call, array: Value, key: Value) -> Value:
    """The sorted elements, one per key."""
    items = call.array(array, "arr").items
    keyed = _keyed(call, items, call.function(key, "keyF"), 1)
    return _unique(call, _sorted(call, keyed))


@function("minArray", strict("arr"), optional("keyF", IDENTITY), optional("onEmpty", ABSENT))
def min_array(call: Call, array: Value, key: Value, on_empty: Value) -> Value:
    """The first element with the smallest key."""
    return _extreme(call, array, key, on_empty, 1)


@function("maxArray", strict("arr"), optional("keyF", IDENTITY), optional("onEmpty", ABSENT))
def max_array(call: Call, array: Value, key: Value, on_empty: Value) -> Value:
    """The first element with the largest key."""
    return _extreme(call, array, key, on_empty, -1)


def _extreme(call: Call, array: Value, key: Value, on_empty: Value, sign: int) -> Value:
    items = call.array(array, "arr").items
    keyed = _keyed(call, items, call.function(key, "keyF"), 1)
    if not keyed:
        if on_empty is ABSENT:
            raise call.error(
                "an empty array has no such element",
                hint="pass onEmpty, the value for an empty array",
            )
        return on_empty
    best = keyed[0]
    for pair in keyed[1:]:
        call.meter.charge_steps(1)
        call.force(pair[1])
        if call.compare(best[0], pair[0]) * sign > 0:
            best = pair
    return call.force(best[1])


class _MergeWalk:
    """Walks two sets together by their keys, which are computed lazily."""

    def __init__(self, call: Call, left: Value, right: Value, key: Operand) -> None:
        self._call = call
        self.left = characters(call, left)
        self.right = characters(call, right)
        self.i = self.j = 0
        self._key = key
        self._keys: dict[int, Value] = {}
        call.meter.charge_elements(len(self.left) + len(self.right))

    def steps(self) -> Iterator[tuple[int, Operand, Operand]]:
        """The next element of each set with their order, until one set ends.

        `i` and `j` count the elements passed; both of an equal pair are passed.
        """
        while self.i < len(self.left) and self.j < len(self.right):
            left, right = self.left[self.i], self.right[self.j]
            order = self._order(left, right)
            yield order, left, right
            self.i += order <= 0
            self.j += order >= 0

    def _order(self, left: Operand, right: Operand) -> int:
        self._call.meter.charge_steps(1)
        first = self._key_of(left, self.i)
        second = self._key_of(right, len(self.left) + self.j)
        if self._call.equals(first, second):
            return 0
        return -1 if self._call.compare(first, second) < 0 else 1

    def _key_of(self, item: Operand, number: int) -> Value:
        if number not in self._keys:
            function_ = self._call.function(self._call.force(self._key), "keyF")
            self._keys[number] = key_of(self._call, function_, item, 2, number)
        return self._keys[number]


@function("setUnion", strict("a"), strict("b"), optional("keyF", IDENTITY, lazy=True))
def set_union(call: Call, left: Value, right: Value, key: Operand) -> Value:
    """The union of two sets; of equal keys, the element of the first."""
    walk = _MergeWalk(call, left, right, key)
    union = Array([first if order <= 0 else second for order, first, second in walk.steps()])
    tail = _tail(right, walk.j) if walk.i >= len(walk.left) else _tail(left, walk.i)
    return call.add(union, tail)


@function("setInter", strict("a"), strict("b"), optional("keyF", IDENTITY, lazy=True))
def set_inter(call: Call, left: Value, right: Value, key: Operand) -> Value:
    """The elements of the first set whose keys are in the second."""
    return _common(call, left, right, key)


def _common(call: Call, left: Value, right: Value, key: Operand) -> Array:
    steps = _MergeWalk(call, left, right, key).steps()
    return Array([first for order, first, _ in steps if order == 0])


@function("setDiff", strict("a"), strict("b"), optional("keyF", IDENTITY, lazy=True))
def set_diff(call: Call, left: Value, right: Value, key: Operand) -> Value:
    """The elements of the first set whose keys are not in the second."""
    walk = _MergeWalk(call, left, right, key)
    rest = Array([first for order, first, _ in walk.steps() if order < 0])
    return rest if walk.i >= len(walk.left) else call.add(rest, _tail(left, walk.i))


@function("setMember", lazy("x"), strict("arr"), optional("keyF", IDENTITY, lazy=True))
def set_member(call: Call, value: Operand, array: Value, key: Operand) -> Value:
    """Whether a set contains an element with the same key."""
    return bool(_common(call, Array([value]), array, key).items)


def _tail(value: Value, start: int) -> Value:
    """A set from a position on; a string stays a string."""
    if isinstance(value, str):
        return value[start:]  # charged as elements, and again when added
    return Array(value.items[start:]) if isinstance(value, Array) else Array([])

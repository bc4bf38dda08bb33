"""Draw keys of a plan: steps from a root key that is an input of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.kernels import draw


@dataclass(frozen=True, slots=True)
class DrawKey:
    """A draw key of a plan, by its number in a `DrawKeyTable`."""

    number: int


ROOT_KEY: Final = DrawKey(0)


class DrawKeyTable:
    """The draw keys of a plan: each is the child of an earlier one. Equal ones occur once."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, int]] = [(0, 0)]
        self._known: dict[tuple[int, int], DrawKey] = {}

    def child(self, key: DrawKey, step: int) -> DrawKey:
        """H(key, step)."""
        place = key.number, step & draw.MASK
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = DrawKey(len(self._steps))
            self._steps.append(place)
        return found

    def step_to(self, number: int) -> tuple[int, int]:
        """The number of the parent of a key, and the step from there."""
        return self._steps[number]


class DrawKeys:
    """The values of the keys of a table for one root key; threads can share it."""

    __slots__ = ("_table", "_values")

    def __init__(self, table: DrawKeyTable, root_key: int) -> None:
        self._table = table
        self._values = {ROOT_KEY.number: root_key}

    def value(self, key: DrawKey) -> int:
        """The value of a key."""
        values, number = self._values, key.number
        path: list[tuple[int, int]] = []
        while number not in values:
            parent, step = self._table.step_to(number)
            path.append((number, step))
            number = parent
        value = values[number]
        for number, step in reversed(path):
            value = values[number] = draw.child(value, step)
        return value

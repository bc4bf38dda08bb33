"""Draw keys of a plan: steps from a root key that is an input of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.model import Stream
from eventer.kernels import draw

_STREAM: Final = draw.step_of("stream")


@dataclass(frozen=True, slots=True)
class DrawKey:
    """A draw key of a plan, by its number in a `DrawKeyTable`."""

    number: int


ROOT_KEY: Final = DrawKey(0)
CONSTANT: Final = -1
"""The number of the parent of a key that is known, which takes the place of the step."""


class DrawKeyTable:
    """The draw keys of a plan: each is the child of an earlier one, or the root of another stream.

    Equal ones occur once.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[int, int]] = [(0, 0)]
        self._known: dict[tuple[int, int], DrawKey] = {}

    def constant(self, key: int) -> DrawKey:
        """The root key of another stream, which is the same for all generators of the plan."""
        return self._added((CONSTANT, key))

    def child(self, key: DrawKey, step: int) -> DrawKey:
        """H(key, step)."""
        return self._added((key.number, step & draw.MASK))

    def _added(self, place: tuple[int, int]) -> DrawKey:
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = DrawKey(len(self._steps))
            self._steps.append(place)
        return found

    def step_to(self, number: int) -> tuple[int, int]:
        """The number of the parent of a key, and the step from there; `CONSTANT` and a key."""
        return self._steps[number]


class DrawKeyValues:
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
            if parent == CONSTANT:
                values[number] = step
                break
            path.append((number, step))
            number = parent
        value = values[number]
        for number, step in reversed(path):
            value = values[number] = draw.child(value, step)
        return value


def root_key(stream: Stream, digest: bytes) -> int:
    """The draw key of the root: H(seed, stream), by the stream's name or the template's digest."""
    if stream.name is not None:
        step = draw.step_of(stream.name)
    else:
        step = int.from_bytes(digest[:8], "little")
    return draw.child(draw.child(stream.seed, _STREAM), step)

"""Which generator is to blame for the deaths of workers, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import BudgetError
from eventer.core.model import Position, PositionKey
from eventer.workers.slate import UnderWay

DEATHS: Final = 3
"""How many deaths at one place, one after the other, are no accident."""


@dataclass(frozen=True, slots=True)
class _Strike:
    first: int
    deaths: int


class Strikes:
    """Deaths by generator. They count only until it gets past the place."""

    def __init__(self) -> None:
        self._strikes: dict[PositionKey, _Strike] = {}

    def died(self, at: UnderWay) -> int:
        """A worker died while it made events of a generator; the how-manieth time at that place."""
        known = self._strikes.get(at.key)
        deaths = known.deaths + 1 if known is not None and known.first == at.first else 1
        self._strikes[at.key] = _Strike(at.first, deaths)
        return deaths

    def committed(self, key: PositionKey, position: Position) -> None:
        """Its events before `position.next` are delivered."""
        known = self._strikes.get(key)
        if known is not None and position.next > known.first:
            del self._strikes[key]

    def forget(self, key: PositionKey) -> None:
        """It is no more."""
        self._strikes.pop(key, None)


def given_up(at: UnderWay) -> BudgetError:
    """The error of a generator that has brought down `DEATHS` workers at one place."""
    error = BudgetError(
        f"making events from {at.first} on brought their worker process down {DEATHS} times, one "
        "after the other: that takes too much memory, or does not end",
        hint=f"change the template; `eventer resume {at.key.generator}` tries again as it is",
    )
    error.index = at.first
    return error

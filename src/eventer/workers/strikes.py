"""Which generator is to blame for the deaths of workers, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import BudgetError
from eventer.core.model import PositionKey
from eventer.workers.slate import UnderWay

DEATHS: Final = 3
"""How many deaths at one place, one after the other, are no accident."""


@dataclass(frozen=True, slots=True)
class _Strike:
    first: int
    deaths: int


class Strikes:
    """Deaths by generator. They count only where nothing of it was committed in between."""

    def __init__(self) -> None:
        self._strikes: dict[PositionKey, _Strike] = {}

    def died(self, at: UnderWay) -> BudgetError | None:
        """A worker died while it made events of a generator; the error that this comes to."""
        known = self._strikes.get(at.key)
        deaths = known.deaths + 1 if known is not None and known.first == at.first else 1
        if deaths < DEATHS:
            self._strikes[at.key] = _Strike(at.first, deaths)
            return None
        del self._strikes[at.key]
        return _given_up(at)

    def forget(self, key: PositionKey) -> None:
        """It got on, or is no more."""
        self._strikes.pop(key, None)


def _given_up(at: UnderWay) -> BudgetError:
    error = BudgetError(
        f"making event {at.first} brought its worker process down {DEATHS} times, one after the "
        "other: it takes too much memory, or does not end",
        hint=f"change the template; `eventer resume {at.key.generator}` tries again as it is",
    )
    error.index = at.first
    return error

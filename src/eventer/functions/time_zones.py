"""Local time in the time zones of the IANA database, from a file of the package.

The file has all changes of the offset from UTC from 1970 to 2099; before and after, the nearest
offset applies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.suggestions import did_you_mean
from eventer.functions.arguments import shown, text

_FILE: Final = "time_zone_offsets.tsv"


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The offsets in seconds, and the seconds since 1970 at which each but the first begins."""

    changes: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def local_seconds(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Seconds since 1970 that a clock in the zone shows."""
        return seconds + self.offsets[np.searchsorted(self.changes, seconds, side="right")]


def zone_argument(function: str, name: str, value: object) -> TimeZone:
    """The time zone of an argument.

    Raises:
        EvaluationError: there is none of this name.
    """
    zone = text(function, name, value)  # type: ignore[arg-type]  # it checks the type
    if zone not in _lines():
        raise EvaluationError(
            f"{function}: {name!r} is {shown(zone)}, which is not a time zone",
            hint=did_you_mean(zone, _lines()) or "write it as UTC, or as Europe/Berlin",
        )
    return time_zone(zone)


@cache
def time_zone(name: str) -> TimeZone:
    """The zone of a name that is in the file."""
    first, *changes = _lines()[name].split(" ")
    pairs = [change.split(":") for change in changes]
    starts = np.cumsum([int(gap) for gap, _ in pairs], dtype=np.int64)
    offsets = [int(first), *(int(offset) for _, offset in pairs)]
    return TimeZone(starts, np.array(offsets, dtype=np.int64))


@cache
def _lines() -> dict[str, str]:
    """The offset in 1970 and the changes of each zone, as the file writes them."""
    content = (files("eventer.functions") / "data" / _FILE).read_text("ascii")
    lines = (line.split("\t") for line in content.splitlines())
    return {name: changes for names, changes in lines for name in names.split(" ")}

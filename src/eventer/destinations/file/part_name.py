"""Names of parts: which events of which generator a file holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from eventer.core.model import PositionKey

_PATTERN: Final = re.compile(r"(\d{1,20})-(\d{1,10})-(\d{20})-(\d{20})-([0-9a-f]{16})\.([a-z]+)")


@dataclass(frozen=True, slots=True)
class PartName:
    """The events [first, end) of a generator, in one folder. Skipped indices have no row.

    Sorted by name, the parts of a generator are in order.
    """

    key: PositionKey
    first: int
    end: int
    extension: str

    def __str__(self) -> str:
        key = self.key
        events = f"{self.first:020d}-{self.end:020d}"
        return f"{key.generator}-{key.incarnation}-{events}-{key.cluster:016x}.{self.extension}"


def parse_part_name(name: str) -> PartName | None:
    """The part that a file name means; None if it is not the name of a part."""
    found = _PATTERN.fullmatch(name)
    if found is None:
        return None
    generator, incarnation, first, end, cluster, extension = found.groups()
    key = PositionKey(int(cluster, 16), int(generator), int(incarnation))
    return PartName(key, int(first), int(end), extension)

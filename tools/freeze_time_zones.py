"""Stores the offsets from UTC of all time zones as a file of the package.

Run it manually (`python tools/freeze_time_zones.py`, with the package `tzdata`) to update the file.
At run time Eventer reads only this file. A change of it changes events: increase `VERSION` in
`functions/fingerprint.py`, and the digest in `tests/unit/functions/test_time_zones.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

DATA: Final = Path(__file__).resolve().parent.parent / "src/eventer/functions/data"
FIRST: Final = int(datetime(1970, 1, 1, tzinfo=UTC).timestamp())
LAST: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
WEEK: Final = 7 * 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def main() -> None:
    """Writes a line for each group of zones with the same offsets from 1970 to 2099."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    names = (files("tzdata") / "zones").read_text("ascii").split()
    for name in sorted(set(names) - {"Factory"}):
        groups[" ".join(changes(name))].append(name)
    lines = sorted(f"{' '.join(group)}\t{text}\n" for text, group in groups.items())
    (DATA / "time_zone_offsets.tsv").write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} groups of {len(names)} zones, {sum(map(len, lines)):,} bytes")


def changes(name: str) -> Iterator[str]:
    """The offset in 1970, and for each change the seconds since the last one, and the offset."""
    zone = load(name)
    offset, last = offset_at(zone, FIRST), FIRST
    yield str(offset)
    for week in range(FIRST, LAST, WEEK):
        if offset_at(zone, week + WEEK) != offset:
            start = first_change(zone, week, week + WEEK)
            offset = offset_at(zone, start)
            yield f"{start - last}:{offset}"
            last = start


def first_change(zone: ZoneInfo, before: int, after: int) -> int:
    """The second from which the offset after it applies."""
    offset = offset_at(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after


def load(name: str) -> ZoneInfo:
    """A zone of the package `tzdata`, not of the machine."""
    with (files("tzdata") / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def offset_at(zone: ZoneInfo, second: int) -> int:
    """Seconds by which the zone is ahead of UTC."""
    offset = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


if __name__ == "__main__":
    main()

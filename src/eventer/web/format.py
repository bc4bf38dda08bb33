"""Values as text for people: rates, sizes, times, numbers."""

from __future__ import annotations

import time
from typing import Final

from eventer.core.clock import NS_PER_SECOND

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_KIB: Final = 1024
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


def format_rate(rate: float) -> str:
    """Events per second, as `0.93/s` or `1,250/s`."""
    return f"{_rounded(rate)}/s"


def format_count(number: float) -> str:
    """A number with separators, as `12,345` or `0.5`."""
    return _rounded(number)


def _rounded(number: float) -> str:
    if number == 0 or float(number).is_integer():
        return f"{number:,.0f}"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    text = f"{number:,.1f}" if abs(number) >= 10 else f"{number:,.2f}"
    return text if float(text.replace(",", "")) else f"{number:.2g}"


def format_bytes(size: float) -> str:
    """A size, as `24 MiB`."""
    unit = 0
    while size >= _KIB and unit < len(_UNITS) - 1:
        size /= _KIB
        unit += 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 10 else f"{size:.1f} {_UNITS[unit]}"


def format_seconds(seconds: float) -> str:
    """A time, as `0 s`, `120 ms`, `6.5 s`, `3 min` or `2 h`."""
    if seconds < 0.0005:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    raise AssertionError("a minute is the least")


def format_clock(instant: int) -> str:
    """An instant (ns since 1970) as local time of day and date."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(instant / NS_PER_SECOND))

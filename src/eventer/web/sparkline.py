"""Small charts of the last minutes, as points of an SVG polyline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SPARK_WIDTH: Final = 96
SPARK_HEIGHT: Final = 24
SPARK_POINTS: Final = 60


def sparkline(values: Sequence[float]) -> str:
    """The points of an SVG polyline: the newest value is at the right, zero at the bottom.

    Coordinates are whole pixels; of more values than points, each point shows the greatest.
    """
    if len(values) < 2:
        return ""
    step = -(-len(values) // SPARK_POINTS)
    shown = [max(values[max(0, end - step) : end]) for end in range(len(values), 0, -step)][::-1]
    across = SPARK_WIDTH / max(len(shown) - 1, 1)
    up = (SPARK_HEIGHT - 4) / (max(shown) or 1.0)
    return " ".join(
        f"{int(number * across + 0.5)},{SPARK_HEIGHT - 2 - int(value * up + 0.5)}"
        for number, value in enumerate(shown)
    )

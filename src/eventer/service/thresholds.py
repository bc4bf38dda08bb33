"""Conditions under which a run fails, such as `lateness_p99 > 250ms`. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.duration import format_duration, parse_duration
from eventer.core.errors import RequestError
from eventer.core.suggestions import did_you_mean

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*([a-z_0-9]+)\s*(>=|<=|>|<)\s*([0-9.]+[0-9a-z\u00b5\u03bc.%/]*)\s*")
_SHARES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
DURATIONS: Final = tuple(f"{what}_{name}" for what in ("lateness", "commit") for name in _SHARES)
NUMBERS: Final = ("rate", "skipped", "retries", "events")
METRICS: Final = (*DURATIONS, *NUMBERS)
_PACED: Final = ("rate", "lateness_")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric and the limit beyond which a run fails; durations are in seconds."""

    metric: str
    comparison: str
    limit: float

    @property
    def share(self) -> float:
        """The share of events or commits that a quantile is about."""
        return _SHARES[self.metric.rpartition("_")[2]]

    @property
    def is_lateness(self) -> bool:
        """Whether it is about lateness."""
        return self.metric.startswith("lateness_")

    @property
    def needs_pace(self) -> bool:
        """Whether it is about due times."""
        return self.metric.startswith(_PACED)

    def fails(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return _COMPARISONS[self.comparison](value, self.limit)

    def count_beyond(self, seconds: NDArray[np.float64]) -> int:
        """How many values are at or beyond the limit, as the comparison includes it."""
        inclusive = self.comparison in (">=", "<")
        beyond = seconds >= self.limit if inclusive else seconds > self.limit
        return int(beyond.sum())

    def fails_quantile(self, beyond: int, total: int) -> bool:
        """Whether the quantile of `total` values is beyond, of which `beyond` are."""
        above = beyond > (1 - self.share) * total
        return above if self.comparison.startswith(">") else not above

    def __str__(self) -> str:
        shown = f"{self.limit:g}"
        if self.metric in DURATIONS:
            shown = format_duration(round(self.limit * NS_PER_SECOND))
        return f"{self.metric} {self.comparison} {shown}"


@dataclass(frozen=True, slots=True)
class ThresholdFailure:
    """A threshold that a run has passed, and the value of its metric."""

    threshold: Threshold
    value: float

    def __str__(self) -> str:
        if self.threshold.metric not in DURATIONS:
            return f"{self.threshold}: it is {self.value:.4g}"
        bound = "over 60 s" if self.value == math.inf else f"at most {self.value:.4g} s"
        return f"{self.threshold}: it is {bound}"


def parse_threshold(text: str) -> Threshold:
    """The threshold of a condition.

    Raises:
        RequestError: the text is not a condition about a metric.
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        known = " ".join(_COMPARISONS)
        raise RequestError(
            f"{text[:100]!r} is not a condition: write a metric, one of {known}, and a value, "
            "like 'lateness_p99 > 250ms'"
        )
    metric, comparison, limit = match.groups()
    if metric not in METRICS:
        hint = did_you_mean(metric, METRICS) or f"known: {', '.join(METRICS)}"
        raise RequestError(f"unknown metric {metric!r} in {text[:100]!r}: {hint}")
    if metric in DURATIONS:
        return Threshold(metric, comparison, parse_duration(limit) / NS_PER_SECOND)
    try:
        return Threshold(metric, comparison, float(limit))
    except ValueError as error:
        share = ": rate is a share of the requested rate, such as 0.99" if metric == "rate" else ""
        raise RequestError(f"{text[:100]!r}: {limit!r} is not a number{share}") from error

"""The summary of a run as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventer.service.run_stats import MAX_LATENESS_SECONDS

_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def format_summary(summary: Mapping[str, Any]) -> str:
    """`RunStats.summary` in one to three lines."""
    size, seconds = f"{summary['bytes']:,} bytes", f"{summary['seconds']:g} s"
    line = f"{summary['events']:,} events, {size} in {seconds}"
    line += f" ({summary['events_per_second']:,g} events/s)"
    for name in ("skipped", "retries"):
        line += f", {summary[name]:,} {name}" if summary[name] else ""
    lines = [line]
    for name, what in (("commit_seconds", "commit"), ("lateness_seconds", "lateness ≤")):
        if summary[name]:
            shown = "  ".join(f"{q} {_seconds(v)}" for q, v in summary[name].items())
            lines.append(f"  {what}  {shown}")
    return "\n".join(lines)


def _seconds(value: float) -> str:
    if value < 0:
        return f"over {MAX_LATENESS_SECONDS:g} s"
    unit, scale = next((u for u in _UNITS if value >= u[1]), _UNITS[-1])
    return f"{value / scale:.3g} {unit}"

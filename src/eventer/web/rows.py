"""Generators as rows of the table, and totals over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.model import Target
from eventer.core.pace_json import pace_json, pace_label
from eventer.service.views import GeneratorView, Snapshot
from eventer.web.format import format_count, format_rate, format_seconds
from eventer.web.history import STEP_GENERATORS, History

_MAX_ERROR: Final = 300


def target_name(target: Target) -> str:
    """A topic's, a table's or a folder's name."""
    return target.location or target.connection


def target_label(target: Target) -> str:
    """A destination with its connection, as `kafka:orders`."""
    return f"{target.connection}:{target_name(target)}"


def pace_text(view: GeneratorView) -> str:
    """A pace, as `10 every 8s`, or `10 every 8s timelines`."""
    timelines = "" if view.record.spec.timeline is None else " timelines"
    return pace_label(pace_json(view.record.pace)) + timelines


def error_text(view: GeneratorView) -> str:
    """The last error with its place; empty if it does not matter any more."""
    if view.last_error is None:
        return ""
    error = view.last_error.error
    place = getattr(error, "place", None)
    where = f" (line {place.line}, column {place.column})" if place else ""
    return f"{error.message}{where}"[:_MAX_ERROR]


def row_of(view: GeneratorView, history: History | None) -> dict[str, Any]:
    """A row of the table: values to sort by, and their texts."""
    return {
        "id": str(view.id),
        "name": view.name,
        "target": target_label(view.target),
        "dataset": view.record.spec.event_source.context.dataset or "",
        "state": view.state.value,
        "pace": pace_text(view),
        "requested": view.requested_rate,
        "requested_text": format_rate(view.requested_rate),
        "delivered": view.delivered_rate,
        "delivered_text": format_rate(view.delivered_rate),
        "position": view.position,
        "position_text": format_count(view.position),
        "lag": view.lag,
        "lag_text": format_count(view.lag),
        "overdue": view.overdue,
        "overdue_text": format_seconds(view.overdue),
        "late": view.overdue > 2,
        "spark": history.spark if history else "",
        "error": error_text(view),
        "past": view.state.value == "running",
    }


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over generators."""

    generators: int
    running: int
    failing: int
    requested: float
    delivered: float
    lag: int
    overdue: float
    bytes: int


def totals_of(views: Iterable[GeneratorView]) -> Totals:
    """The sums over these generators; `overdue` is that of the latest one."""
    known = tuple(views)
    states = [view.state.value for view in known]
    return Totals(
        generators=len(known),
        running=states.count("running"),
        failing=states.count("failed") + states.count("waiting"),
        requested=sum(view.requested_rate for view in known if view.record.state == "running"),
        delivered=sum(view.delivered_rate for view in known),
        lag=sum(view.lag for view in known),
        overdue=max((view.overdue for view in known), default=0.0),
        bytes=sum(view.bytes for view in known),
    )


class Rows:
    """The rows and the totals of the newest snapshot, computed once for all pages."""

    def __init__(self) -> None:
        self.rows: Sequence[dict[str, Any]] = ()
        self.totals = totals_of(())

    def steps(self, snapshot: Snapshot, histories: Mapping[int, History]) -> Iterator[None]:
        """Computes the rows of a snapshot; the caller may do other work after each step."""
        rows = []
        for number, view in enumerate(snapshot.generators, 1):
            rows.append(row_of(view, histories.get(view.id)))
            if number % STEP_GENERATORS == 0:
                yield
        self.rows, self.totals = rows, totals_of(snapshot.generators)

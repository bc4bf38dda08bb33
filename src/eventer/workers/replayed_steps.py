"""Delivered steps of timelines, recomputed from any delivery number on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.cursor import Cursor
from eventer.core.errors import TemplateError
from eventer.plan.interpreter_engine import empty_batch
from eventer.plan.prepare import prepare_stored
from eventer.registry.base import BegunFingerprint, GeneratorRecord
from eventer.workers.delivered_steps import open_steps, timeline_starts

_FIRST: Final = BegunFingerprint(0, "")


def step_ranges(
    fingerprints: Sequence[BegunFingerprint], first: int, end: int
) -> list[tuple[int, int]]:
    """The delivery numbers [first, end) in ranges of one fingerprint: each has own timelines."""
    edges = [first, *(each.first for each in fingerprints if first < each.first < end), end]
    return list(pairwise(edges))


class StepReplay:
    """Recomputes the steps of one fingerprint, from the delivery number `first` on, in order.

    `cursor` is the place of `first`, if it is known. Otherwise the steps are counted from where the
    fingerprint begins.
    """

    def __init__(self, record: GeneratorRecord, first: int, cursor: Cursor | None) -> None:
        self._begun = begun = _begun_at(record, first)
        known = cursor is not None and (begun.cursor is None or cursor > begun.cursor)
        self._at = first if known else begun.first
        self._opened = open_steps(
            prepare_stored(record.spec.event_source.template),
            record.spec,
            timeline_starts(record.segments),
            number=self._at,
            cursor=cursor if known else begun.cursor,
            first_timeline=begun.first_timeline,
            simulated=True,
        )

    def reaches(self, record: GeneratorRecord, first: int) -> bool:
        """Whether it can go on to a delivery number."""
        return self._at <= first and _begun_at(record, first) == self._begun

    def batch(self, first: int, end: int) -> Batch | None:
        """The first of the steps [first, end), later than the last ones; None if there are none.

        A timeline that raises has a number without an event.
        """
        self._pass(first)
        timetable = self._opened.timetable
        if timetable.due_end(0) <= first:
            return None
        times = timetable.scheduled(first, min(MAX_EVENTS, end - first))
        try:
            batch = self._opened.engine.generate(first, times)
        except TemplateError as error:
            if getattr(error, "index", None) is None:
                raise
            batch = empty_batch(first)
        self._at = batch.next
        return batch

    def _pass(self, first: int) -> None:
        """Takes the steps before a number without evaluating their events."""
        timetable = self._opened.timetable
        while self._at < first or (timetable.due_end(0) <= first and timetable.total is None):
            known = min(first, timetable.due_end(0))
            if known > self._at:
                timetable.steps(known - 1, 1)
            elif timetable.total is not None:
                return
            self._at = known
            timetable.release(known)


def _begun_at(record: GeneratorRecord, number: int) -> BegunFingerprint:
    """The fingerprint of a delivery number."""
    return next((each for each in reversed(record.fingerprints) if each.first <= number), _FIRST)

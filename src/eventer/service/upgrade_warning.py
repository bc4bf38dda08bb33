"""Warns of timelines that an upgrade has given up. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.registry.base import GeneratorRecord
from eventer.runs.pacing import Pace
from eventer.workers.inspector_messages import TemplateWarning


def upgrade_warnings(record: GeneratorRecord) -> Iterator[TemplateWarning]:
    """A warning for each upgrade that gave up timelines: which had begun and may be incomplete."""
    timeline = record.spec.steps
    if timeline is None:
        return
    for begun in record.fingerprints:
        if begun.cursor is None or begun.first == 0:
            continue
        since = begun.cursor.due - timeline.horizon - 1
        first = min(Pace(record.segments).due_end(since), begun.first_timeline)
        if first < begun.first_timeline:
            are_timelines = record.spec.timeline is not None
            unit = "timelines" if are_timelines else "events"
            lost = "their other steps" if are_timelines else "late events and copies of these"
            yield TemplateWarning(
                f"{unit} {first} to {begun.first_timeline - 1} had begun when an upgrade "
                f"changed what the template generates: {lost} are not delivered",
                None,
            )

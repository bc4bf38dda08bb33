"""Warnings about a past that a topic would delete."""

from dataclasses import replace

from eventer.core.model import KafkaTarget, PostgresTarget, Segment
from eventer.core.pace import EventRate, PaceSpec, Steady
from eventer.service.history_warning import history_warnings
from eventer.testing.registry_conformance import sample_record
from tests.families import family

HOUR = 3_600_000_000_000
NOW = 1_700_000_000_000_000_000


def warned(hours, target, *, start="now-x"):
    pace = PaceSpec(Steady(EventRate(1, 5)), start=start)
    record = sample_record(1, segments=(Segment(NOW - hours * HOUR, 0, pace),), created_at=NOW)
    record = replace(record, spec=replace(record.spec, target=target))
    return [each.text for each in history_warnings(record)]


@family(
    ("hours", "config", "warns"),
    [
        (24 * 7, (), False),
        (24 * 8, (), True),
        (2, (("retention.ms", "3600000"),), True),
        (1, (("retention.ms", "3600000"),), False),
        (10_000, (("retention.ms", "-1"),), False),
        (10_000, (("cleanup.policy", "compact"),), False),
    ],
)
def test_a_past_beyond_the_retention(hours, config, warns):
    assert bool(warned(hours, KafkaTarget("t", config=config))) is warns


def test_the_warning_names_both_times():
    (text,) = warned(24 * 8, KafkaTarget("orders"))
    assert (
        "`start` is 192h in the past, but topic 'orders' keeps records for 168h by default" in text
    )


def test_tables_and_generators_without_a_past():
    assert not warned(10_000, PostgresTarget("t"))
    assert not warned(10_000, KafkaTarget("t"), start=None)

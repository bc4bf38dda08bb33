"""Timestamps that are evidently not milliseconds."""

from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.timestamp_units import timestamp_unit
from eventer.testing.batches import START_NS, batch_of
from tests.families import family

NOW_S = START_NS // 1_000_000_000
YEAR_S = 366 * 86_400


@family(
    ("values", "unit"),
    [
        ([NOW_S, NOW_S - 9 * YEAR_S, NOW_S + 9 * YEAR_S], "seconds"),
        ([NOW_S * 1000, NOW_S * 1000 - 5], None),
        ([NOW_S * 1_000_000, None], "microseconds"),
        ([NOW_S * 1_000_000_000, "yesterday"], "nanoseconds"),
        ([NOW_S, NOW_S * 1000], None),
        ([NOW_S, NOW_S * 1_000_000], None),
        ([0, 1, 2], None),
        (["2021-12-31T23:59:59Z", None], None),
        ([None], None),
        ([], None),
    ],
)
def test_the_unit_of_all_values(values, unit):
    batches = [batch_of(n, [{"at": value}]) for n, value in enumerate(values)]
    assert timestamp_unit(KafkaTarget("t", timestamp="at"), batches) == unit
    assert timestamp_unit(KafkaTarget("t"), batches) is None

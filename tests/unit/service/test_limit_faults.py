"""Requests beyond the limits of a service."""

from dataclasses import replace

import pytest

from eventer.core.pace import ticks
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.limit_faults import limit_faults
from eventer.service.resolved_schedule import new_record
from eventer.settings.model import Limits
from tests.unit.service.test_resolved_schedule import EVENT, NOW, resolved

SECOND = 1_000_000_000
SLOW = replace(EVENT, pace=ticks(1, SECOND))


def asked(names, *, topics=("boo",), **changes):
    events = (replace(SLOW, id=n, template=n, **changes) for n in names)
    return resolved(*events, topics=topics)


def there(names, **changes):
    made = asked(names, **changes)
    index = GeneratorIndex()
    for each in made:
        index.add(
            Generator.of(new_record(each, name=f"g{each.id}", seed=1, shards=2, now=NOW), cluster=1)
        )
    return index.usage


def pointers(found):
    return [fault.pointer for fault in found]


@pytest.mark.parametrize(
    ("known", "new", "fault"), [("ab", "c", []), ("ab", "cd", [1]), ("a", "bcd", [2])]
)
def test_generators(known, new, fault):
    found = list(limit_faults(asked(new), there(known), Limits(generators=3)))
    assert pointers(found) == [f"/schedules/{number}" for number in fault]
    assert all("EVENTER_LIMITS__GENERATORS" in each.hint for each in found)


def test_existing_generators_count_once():
    assert not list(limit_faults(asked("abc"), there("abc"), Limits(generators=3)))


def test_a_lowered_limit_rejects_only_new_generators():
    limits = Limits(generators=1, targets=1, events_per_second=1)
    assert not list(limit_faults(asked("ab"), there("abc"), limits))
    assert len(list(limit_faults(asked("abcd"), there("abc"), limits))) == 2


def test_topics_and_tables():
    found = list(limit_faults(asked("b", topics=("boo", "foo")), there("a"), Limits(targets=1)))
    assert pointers(found) == ["/destinations/1"]


def test_requested_events_per_second():
    limits = Limits(events_per_second=100)
    known = there("ab", pace=ticks(40, SECOND))
    assert not list(limit_faults(asked("c", pace=ticks(20, SECOND)), known, limits))
    assert pointers(limit_faults(asked("c", pace=ticks(21, SECOND)), known, limits)) == [
        "/events/0/interval"
    ]
    assert not list(limit_faults(asked("b", pace=ticks(60, SECOND)), known, limits))
    assert pointers(limit_faults(asked("b", pace=ticks(61, SECOND)), known, limits)) == [
        "/events/0/interval"
    ]

"""Following the committed events of a generator."""

from contextlib import aclosing

from eventer.service.tail import follow_events
from eventer.workers.inspector_messages import RecomputedEvents


async def recompute(first, count):
    indices = tuple(range(first, first + count))
    return RecomputedEvents(first, tuple(b"%d" % index for index in indices), indices)


async def pages(positions, last=0):
    """The indices of each page, for the positions that are seen."""
    seen = iter(positions)
    async with aclosing(
        follow_events(lambda: next(seen), recompute, last=last, poll_seconds=0)
    ) as following:
        return [(await anext(following)).indices for _ in positions]


async def test_new_events_are_shown_once():
    assert await pages([3, 5, 5, 6]) == [(), (3, 4), (), (5,)]


async def test_it_begins_with_the_last_events():
    assert await pages([3, 4], last=2) == [(1, 2), (3,)]
    assert await pages([1], last=10) == [(0,)]


async def test_of_many_events_the_newest_are_shown():
    _, second = await pages([0, 1_000])
    assert second == tuple(range(950, 1_000))


async def test_a_new_incarnation_begins_at_its_first_event():
    assert await pages([9, 2]) == [(), (0, 1)]

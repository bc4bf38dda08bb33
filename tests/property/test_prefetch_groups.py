"""Engines that generate ahead together generate the events that each generates alone."""

import gc
import random
import weakref

import numpy as np
import pytest

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES
from eventer.core.errors import BudgetError
from eventer.core.model import ColumnType, EventContext, Segment, Stream, Template
from eventer.core.pace import ticks
from eventer.functions.catalog import CATALOG
from eventer.plan import prefetch_group
from eventer.plan.prefetch_group import PrefetchGroups
from eventer.plan.prepare import prepare
from eventer.runs.pacing import Pace

T0 = 1_767_225_600_000_000_000
SECOND = 1_000_000_000
PRELUDE = "".join(f"local {name} = std.native('{name}');\n" for name in CATALOG.names())
LISTS = {"get_some_of", "get_shuffled", "get_chain"}
OTHERS = {"get_event_of", "get_row"}
SERIES = {"get_signal", "get_walk"}
"""Their examples have entities that differ between events."""
EXAMPLES = [
    example
    for name in CATALOG.names()
    if name not in LISTS | OTHERS | SERIES
    for example in CATALOG.get(name).examples
    if "%" not in example
]
WRITTEN = {
    "a field": "{ n: get_integer(1, 9), d: get_dataset('none'), at: get_now() }",
    "the whole event": "get_dataset('none')",
    "a branch": "if get_boolean() then { d: get_dataset('') } else { i: get_instance_id('') }",
    "an optional field": "{ [if get_boolean() then 'd']: get_dataset(''), n: get_number(1, 9) }",
    "a local": "local n = get_integer(1, 9); { n: n, twice: 2 * n, d: get_dataset('') }",
}
PERSON = "local p = get_person(); { name: p.name, mail: p.email, d: get_dataset('') }"
"""Compiles many kernels for keys that differ between events."""


def pace(number):
    return Pace([Segment(T0 + number % 7 * SECOND // 7, 0, ticks(1 + number % 3, SECOND // 2))])


def grouping():
    """Groups of any number of engines."""
    return PrefetchGroups(min_engines=0)


def members(prepared, groups, count, **options):
    """Engines that differ in seed, stream, dataset and instance id, and their paces."""
    return [
        (
            prepared.engine(
                Stream(number % 4, None if number % 2 else f"s{number}"),
                EventContext(f'd"{number}', None if number % 3 else "me"),
                groups=groups,
                **options,
            ),
            pace(number),
        )
        for number in range(count)
    ]


def events(engine, times, first, count):
    """The texts of some ticks, as a delivery worker asks for them."""
    batch = engine.generate(first, times.scheduled(first, count), None, times.scheduled)
    assert batch.index.tolist() == list(range(first, first + count))
    assert (batch.scheduled == times.scheduled(first, count)).all()
    return batch.text.to_pylist()


def check_same(text, count=2, rounds=2):
    """Compares engines of a group with engines alone, in random order; whether they group."""
    prepared, rng, groups = prepare(Template(PRELUDE + text)), random.Random(text), grouping()
    together = members(prepared, groups, count)
    alone = members(prepared, None, count)
    at = [rng.choice((0, 5)) for _ in together]
    for engine, first, (_, times) in zip((e for e, _ in together), at, together, strict=True):
        engine.expect(first, times.scheduled)
    for _ in range(rounds * count):
        number = rng.randrange(count)
        ask = rng.choice((1, 2, 7))
        (mine, times), (other, _) = together[number], alone[number]
        assert events(mine, times, at[number], ask) == events(other, times, at[number], ask), text
        at[number] += ask - rng.choice((0, 0, 0, ask))
    return all(group.usable for group in groups._groups.values())


@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_functions_generate_the_same_in_a_group(every):
    fields = (f"v{number}: {example}" for number, example in enumerate(EXAMPLES[::every]))
    assert check_same(f"{{ {', '.join(fields)} }}", count=3, rounds=3)


@pytest.mark.parametrize("name", [*WRITTEN, pytest.param("a person", marks=pytest.mark.slow)])
def test_datasets_and_branches_are_the_same_in_a_group(name):
    assert check_same(WRITTEN.get(name, PERSON), count=5, rounds=4)


@pytest.mark.parametrize(
    "text",
    [
        "{ n: 1 / get_integer(0, 9) }",
        "{ n: [get_integer(1, 9) for i in std.range(1, get_integer(0, 3))] }",
        "{ [get_dataset('d')]: get_integer(1, 9) }",
    ],
)
def test_templates_that_may_raise_or_have_lists_are_not_grouped(text):
    groups = grouping()
    engines = members(prepare(Template(PRELUDE + text)), groups, 3)
    assert len(engines) == 3
    assert not any(group.usable for group in groups._groups.values())


def test_large_groups_have_the_same_events_and_fields(monkeypatch):
    monkeypatch.setattr(prefetch_group, "MAX_RUN_ROWS", 500)
    prepared, groups = prepare(Template(PRELUDE + WRITTEN["a field"])), grouping()
    together = members(prepared, groups, 200, match_hints=True)
    alone = members(prepared, None, 200)
    for engine, times in together:
        engine.expect(0, times.scheduled)
    for tick in range(2):
        for number, (engine, times) in enumerate(together):
            due = times.scheduled(tick, 1)
            batch = engine.generate(tick, due, None, times.scheduled)
            if number % 37 == 0:
                expected = alone[number][0].generate(tick, due)
                assert batch.text.to_pylist() == expected.text.to_pylist()
                for pointer in ("/n", "/d", "/at"):
                    column = batch.fields.column(pointer, ColumnType.KEY)
                    assert column == expected.fields.column(pointer, ColumnType.KEY)


@pytest.mark.parametrize(
    "value", ["{ d: get_dataset(''), n: get_integer(1, 9) }", "[get_boolean(), get_dataset('')]"]
)
def test_columns_of_documents_with_the_dataset_are_the_same_in_a_group(value):
    text = f"{{ m: if get_boolean() then {value} else get_dataset('') }}"
    prepared, groups = prepare(Template(PRELUDE + text)), grouping()
    together, alone = members(prepared, groups, 4), members(prepared, None, 4)
    for engine, times in together:
        engine.expect(0, times.scheduled)
    for number, (engine, times) in enumerate(together):
        due = times.scheduled(0, 3)
        fields = engine.generate(0, due, None, times.scheduled).fields
        expected = alone[number][0].generate(0, due).fields
        for pointer in ("", "/m"):
            column = fields.column(pointer, ColumnType.JSONB)
            assert column == expected.column(pointer, ColumnType.JSONB)


def test_a_group_keeps_no_events_that_are_used():
    prepared, groups = prepare(Template("{}")), grouping()
    (engine, times), *_ = members(prepared, groups, 2)
    engine.generate(0, times.scheduled(0, 1), None, times.scheduled)
    while (ahead := engine._group.prefetched) is not None:
        first = engine._group.next_index
        assert first < ahead.stop
        engine.generate(first, times.scheduled(first, 1), None, times.scheduled)


def test_large_events_of_a_group_have_the_memory_of_one_batch(monkeypatch):
    text = PRELUDE + "{ d: get_dataset('none'), t: std.repeat('x', 300000) }"
    monkeypatch.setattr(prefetch_group, "SHARED_ROWS", 400)  # each has 20 ahead
    prepared, groups = prepare(Template(text)), grouping()
    together, alone = members(prepared, groups, 20), members(prepared, None, 20)
    for engine, times in together:
        engine.expect(0, times.scheduled)
    for number, (engine, times) in enumerate(together[:3]):
        due = times.scheduled(0, 1)
        batch = engine.generate(0, due, None, times.scheduled)
        assert batch.text == alone[number][0].generate(0, due).text
        ahead = {
            id(e._group.prefetched.batch): e._group.prefetched.batch
            for e, _ in together
            if e._group.prefetched
        }
        assert ahead
        assert all(each.nbytes <= MAX_BYTES + MAX_EVENT_BYTES for each in ahead.values())
    assert all(group.usable for group in groups._groups.values())


def test_a_group_that_cannot_generate_the_needed_events_is_given_up():
    text = f"{{ t: std.repeat('x', {MAX_EVENT_BYTES}) }}"
    groups = grouping()
    (engine, times), *_ = members(prepare(Template(text)), groups, 2)
    with pytest.raises(BudgetError):
        engine.generate(0, times.scheduled(0, 1), None, times.scheduled)
    assert not any(group.usable for group in groups._groups.values())


def test_a_group_generates_few_events_of_each_of_its_engines():
    prepared, groups = prepare(Template(PRELUDE + WRITTEN["a field"])), grouping()
    together = members(prepared, groups, 100)
    for engine, times in together:
        engine.expect(0, times.scheduled)
    engine, times = together[0]
    engine.generate(0, times.scheduled(0, 1), None, times.scheduled)
    ahead = [engine._group.prefetched for engine, _ in together]
    counts = np.array([0 if each is None else each.stop - each.first for each in ahead])
    assert counts.min() >= 1
    assert counts.max() <= 32
    assert len({id(each.batch) for each in ahead}) == 1


def test_removed_generators_leave_their_group():
    prepared, groups = prepare(Template("{}")), PrefetchGroups(min_engines=3)
    three = members(prepared, groups, 3)
    (group,) = groups._groups.values()
    assert group.usable
    del three[2]
    assert not group.usable


def test_the_plans_of_removed_generators_leave_memory():
    groups = PrefetchGroups(min_engines=2)

    def plan_of_removed():
        together = members(prepare(Template("{ removed: true }")), groups, 2)
        engine, times = together[0]
        engine.generate(0, times.scheduled(0, 1), None, times.scheduled)
        return weakref.ref(engine._plan)

    plan = plan_of_removed()
    gc.collect()
    assert plan() is None


def test_each_refill_asks_all_engines_but_computes_the_time_of_a_far_event_once():
    prepared, asked = prepare(Template(PRELUDE + WRITTEN["a field"])), []
    (idle, _), *others = members(prepared, grouping(), 4)
    far = Pace([Segment(T0 + 3_600 * SECOND, 0, ticks(1, SECOND))])

    def later(first, count):
        asked.append((first, count))
        return far.scheduled(first, count)

    idle.expect(0, later)
    for engine, times in others:
        events(engine, times, 0, 1)
    assert asked == [(0, 1)]

"""Objects that survive a long collection are frozen until enough engines are released."""

import gc
import weakref

import pytest

from eventer.runs.gc_freezer import LONG_COLLECTION_NS, MIN_RELEASED_ENGINES, GcFreezer

START, STOP = "start", "stop"


@pytest.fixture
def frozen(monkeypatch):
    """Records calls of `gc.freeze`, which freeze nothing."""
    calls = []
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "unfreeze", lambda: calls.append("unfreeze"))
    return calls


def full(tenure, clock, took, generation=2):
    tenure.on_collection(START, {"generation": generation})
    clock[0] += took
    tenure.on_collection(STOP, {"generation": generation})


@pytest.fixture
def clock():
    return [0]


@pytest.fixture
def tenure(clock):
    return GcFreezer(lambda: clock[0])


def test_the_first_long_full_collection_after_a_new_engine_freezes(tenure, clock, frozen):
    full(tenure, clock, LONG_COLLECTION_NS)
    assert frozen == [], "no engine is new"
    tenure.engine_created()
    full(tenure, clock, LONG_COLLECTION_NS - 1)
    full(tenure, clock, 10 * LONG_COLLECTION_NS, generation=1)
    assert frozen == []
    full(tenure, clock, LONG_COLLECTION_NS)
    full(tenure, clock, LONG_COLLECTION_NS)
    assert frozen == ["freeze"], "once for all engines that were new"
    tenure.engine_created()
    full(tenure, clock, LONG_COLLECTION_NS)
    assert frozen == ["freeze", "freeze"]


@pytest.mark.parametrize("remaining", [0, MIN_RELEASED_ENGINES, 3 * MIN_RELEASED_ENGINES])
def test_everything_is_unfrozen_when_as_many_engines_are_released_as_remain(
    tenure, clock, frozen, remaining
):
    enough = max(MIN_RELEASED_ENGINES, remaining)
    for _ in range(enough):
        tenure.engine_released(remaining)
    assert frozen == []
    tenure.engine_released(remaining)
    assert frozen == ["unfreeze"]
    full(tenure, clock, LONG_COLLECTION_NS)
    assert frozen == ["unfreeze", "freeze"], "what is left of it is long-lived still"
    tenure.engine_released(remaining)
    assert frozen == ["unfreeze", "freeze"], "counted anew"


def test_reference_cycles_among_frozen_objects_are_collected_eventually():
    """With the real garbage collector."""

    class Engine:
        def __init__(self):
            self.me = self

    tenure = GcFreezer(iter(range(0, 1 << 60, LONG_COLLECTION_NS)).__next__)
    end = tenure.watch()
    try:
        engines = [Engine() for _ in range(MIN_RELEASED_ENGINES + 1)]
        seen = weakref.ref(engines[0])
        tenure.engine_created()
        gc.collect()
        del engines
        gc.collect()
        assert seen() is not None
        for left in range(MIN_RELEASED_ENGINES, -1, -1):
            tenure.engine_released(left)
        gc.collect()
        assert seen() is None
    finally:
        end()
    assert tenure.on_collection not in gc.callbacks
    assert gc.get_freeze_count() == 0
    gc.freeze()  # as the test session had: collections stay short

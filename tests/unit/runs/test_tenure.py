"""What has survived a long collection is set apart, and given back when enough of it is gone."""

import gc
import weakref

import pytest

from eventer.runs.tenure import FEW, LONG_NS, Tenure

START, STOP = "start", "stop"


@pytest.fixture
def frozen(monkeypatch):
    """Whether all is set apart, and how often it was; nothing is, in truth."""
    calls = []
    monkeypatch.setattr(gc, "freeze", lambda: calls.append("freeze"))
    monkeypatch.setattr(gc, "unfreeze", lambda: calls.append("unfreeze"))
    return calls


def full(tenure, clock, took, generation=2):
    tenure.collecting(START, {"generation": generation})
    clock[0] += took
    tenure.collecting(STOP, {"generation": generation})


@pytest.fixture
def clock():
    return [0]


@pytest.fixture
def tenure(clock):
    return Tenure(lambda: clock[0])


def test_the_first_long_full_collection_after_a_new_engine_sets_apart(tenure, clock, frozen):
    full(tenure, clock, LONG_NS)
    assert frozen == [], "no engine is new"
    tenure.came()
    full(tenure, clock, LONG_NS - 1)
    full(tenure, clock, 10 * LONG_NS, generation=1)
    assert frozen == []
    full(tenure, clock, LONG_NS)
    full(tenure, clock, LONG_NS)
    assert frozen == ["freeze"], "once for all engines that were new"
    tenure.came()
    full(tenure, clock, LONG_NS)
    assert frozen == ["freeze", "freeze"]


@pytest.mark.parametrize("remaining", [0, FEW, 3 * FEW])
def test_all_is_given_back_when_as_many_are_gone_as_remain(tenure, clock, frozen, remaining):
    enough = max(FEW, remaining)
    for _ in range(enough):
        tenure.went(remaining)
    assert frozen == []
    tenure.went(remaining)
    assert frozen == ["unfreeze"]
    full(tenure, clock, LONG_NS)
    assert frozen == ["unfreeze", "freeze"], "what is left of it is long-lived still"
    tenure.went(remaining)
    assert frozen == ["unfreeze", "freeze"], "counted anew"


def test_circles_among_what_was_set_apart_are_found_in_the_end():
    """With the real garbage collector."""

    class Engine:
        def __init__(self):
            self.me = self

    tenure = Tenure(iter(range(0, 1 << 60, LONG_NS)).__next__)
    end = tenure.watch()
    try:
        engines = [Engine() for _ in range(FEW + 1)]
        seen = weakref.ref(engines[0])
        tenure.came()
        gc.collect()
        del engines
        gc.collect()
        assert seen() is not None
        for left in range(FEW, -1, -1):
            tenure.went(left)
        gc.collect()
        assert seen() is None
    finally:
        end()
    assert tenure.collecting not in gc.callbacks
    assert gc.get_freeze_count() == 0

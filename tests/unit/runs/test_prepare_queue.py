"""The order in which the targets of flows are prepared."""

from types import SimpleNamespace

import pytest

from eventer.runs.flow_state import PositionReported, TargetUnprepared
from eventer.runs.prepare_queue import PrepareQueue


@pytest.fixture
def queue():
    return PrepareQueue()


def flow_in(queue, prepare_at=0):
    flow = SimpleNamespace(state=TargetUnprepared(None, 9), prepare_at=prepare_at)
    queue.add(flow)
    return flow


def test_the_earliest_flow_is_first_and_of_several_the_one_added_first(queue):
    assert queue.first is None
    later, first, second = flow_in(queue, 5), flow_in(queue), flow_in(queue)
    assert queue.first is first
    first.state = PositionReported()
    assert queue.first is second
    second.state = PositionReported()
    assert queue.first is later


def test_a_flow_that_failed_is_tried_after_those_that_are_due_before(queue):
    first, second = flow_in(queue), flow_in(queue)
    first.prepare_at = 5
    assert queue.first is second
    second.prepare_at = 7
    assert queue.first is first
    first.prepare_at = 9
    assert queue.first is second


def test_a_flow_that_comes_back_is_prepared_again(queue):
    flow = flow_in(queue)
    flow.state = PositionReported()
    assert queue.first is None
    flow.state = TargetUnprepared(None, 9)
    queue.add(flow)
    assert queue.first is flow


def test_a_look_does_not_visit_the_other_flows(queue):
    visited = []

    class Watched(SimpleNamespace):
        @property
        def state(self):
            visited.append(self)
            return TargetUnprepared(None, 9)

    for _ in range(100):
        queue.add(Watched(prepare_at=5))
    visited.clear()
    assert queue.first is not None
    assert len(visited) == 1

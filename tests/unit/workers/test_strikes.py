"""Who is to blame for dead workers."""

from eventer.core.model import Position, PositionKey
from eventer.workers.slate import UnderWay
from eventer.workers.strikes import Strikes, given_up

ONE, OTHER = PositionKey(1, 2, 3), PositionKey((1 << 64) - 1, (1 << 64) - 2, 7)


def test_deaths_at_one_place_are_counted_by_generator():
    strikes = Strikes()
    assert strikes.died(UnderWay(ONE, 40, 0)) == 1
    assert strikes.died(UnderWay(OTHER, 40, 0)) == 1
    assert strikes.died(UnderWay(ONE, 40, 0)) == 2
    assert strikes.died(UnderWay(ONE, 40, 0)) == 3
    assert strikes.died(UnderWay(ONE, 41, 0)) == 1


def test_who_got_past_the_place_begins_anew():
    strikes = Strikes()
    strikes.died(UnderWay(ONE, 41, 0))
    strikes.committed(ONE, Position(next=42))
    assert strikes.died(UnderWay(ONE, 41, 0)) == 1


def test_who_delivered_what_comes_before_did_not_get_past_it():
    strikes = Strikes()
    strikes.died(UnderWay(ONE, 40, 0))
    strikes.committed(ONE, Position(next=40))
    assert strikes.died(UnderWay(ONE, 40, 0)) == 2


def test_who_ended_and_comes_again_begins_anew():
    strikes = Strikes()
    strikes.died(UnderWay(ONE, 40, 0))
    strikes.forget(ONE)
    assert strikes.died(UnderWay(ONE, 40, 0)) == 1


def test_the_error_names_the_event_and_what_to_do():
    error = given_up(UnderWay(ONE, 40, 0))
    assert error.index == 40
    assert "from 40 on" in error.message
    assert "eventer resume 2" in error.hint

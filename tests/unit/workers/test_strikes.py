"""Who is to blame for dead workers."""

from eventer.core.model import Position, PositionKey
from eventer.workers.slate import UnderWay
from eventer.workers.strikes import Strikes

ONE, OTHER = PositionKey(1, 2, 3), PositionKey((1 << 64) - 1, (1 << 64) - 2, 7)


def test_three_deaths_at_one_place_are_no_accident():
    strikes = Strikes()
    assert strikes.died(UnderWay(ONE, 40, 0)) is None
    assert strikes.died(UnderWay(OTHER, 40, 0)) is None
    assert strikes.died(UnderWay(ONE, 40, 0)) is None
    error = strikes.died(UnderWay(ONE, 40, 0))
    assert error is not None
    assert error.index == 40
    assert "eventer resume 2" in error.hint
    assert strikes.died(UnderWay(ONE, 40, 0)) is None


def test_who_got_on_in_between_begins_anew():
    strikes = Strikes()
    for first in (40, 40, 41, 41):
        assert strikes.died(UnderWay(ONE, first, 0)) is None
    strikes.committed(ONE, Position(next=42))
    assert strikes.died(UnderWay(ONE, 41, 0)) is None


def test_who_delivered_what_comes_before_did_not_get_on():
    strikes = Strikes()
    strikes.died(UnderWay(ONE, 40, 0))
    strikes.died(UnderWay(ONE, 40, 0))
    strikes.committed(ONE, Position(next=40))
    assert strikes.died(UnderWay(ONE, 40, 0)) is not None

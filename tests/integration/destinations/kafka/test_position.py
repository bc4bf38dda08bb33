"""Positions as a record batch."""

from eventer.core.model import Position, PositionKey
from eventer.destinations.kafka.position import position_batch


def test_positions_go_together_and_uncompressed():
    """aiokafka, which reads them, knows no LZ4 without another package."""
    positions = {PositionKey(1, n, 0): Position(next=n) for n in range(500)}
    batch = position_batch(positions, now_ms=5)
    assert batch.count == 500
    assert batch.codec == "none"

"""Nothing lost, nothing twice, whatever fails when: many seeds of a world with faults.

`pytest -m slow tests/unit/runs/test_simulation.py` runs ten thousand.
"""

import numpy as np
import pytest

from eventer.core.model import OnError, PositionKey
from eventer.runs.pacing import begin
from tests.unit.runs.simulation import ALL_FENCES, MS, SECOND, Generator, World, simulate

BLOCKS, SEEDS_A_BLOCK = 10, 10
SLOW_BLOCKS, SEEDS_A_SLOW_BLOCK = 50, 200


def simulate_all(first: int, count: int) -> None:
    for seed in range(first, first + count):
        try:
            simulate(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_event_is_lost_repeated_or_out_of_order(block: int) -> None:
    simulate_all(block * SEEDS_A_BLOCK, SEEDS_A_BLOCK)


@pytest.mark.parametrize("seed", [371, 511, 2322])
def test_seeds_that_failed_once(seed: int) -> None:
    """A backlog caught up in tiny doses; a pause granted while another owner had the generator."""
    simulate(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(SLOW_BLOCKS))
def test_ten_thousand_seeds(block: int) -> None:
    simulate_all(block * SEEDS_A_SLOW_BLOCK, SEEDS_A_SLOW_BLOCK)


@pytest.mark.parametrize("fence", sorted(ALL_FENCES))
def test_the_simulation_detects_each_missing_fence(fence: str) -> None:
    """The simulation has teeth: the owner's epoch, the position in the data's transaction, and the
    destination's word about where to go on are each missed."""
    assert any(is_caught(seed, ALL_FENCES - {fence}) for seed in range(100))


def is_caught(seed: int, fences: frozenset[str]) -> bool:
    try:
        simulate(seed, fences=fences)
    except AssertionError:
        return True
    return False


WHO_IS_AWAY = pytest.mark.parametrize(
    ("how", "late"), [("named", 0.03), ("spends", 0.15), ("silent", 0.4)]
)


class TestOneTargetAway:
    """One generator's target goes away for a minute: the others are on time.

    `late` is the most of their events that may be over 300 ms late. A transaction that has to time
    out first holds all up once, and rarely again; where nobody says whose fault it is, a few times
    more.
    """

    @WHO_IS_AWAY
    def test_the_others_are_on_time(self, how: str, late: float) -> None:
        others_are_on_time(12, how, late)

    @pytest.mark.slow
    @WHO_IS_AWAY
    def test_the_others_of_fifty_are_on_time(self, how: str, late: float) -> None:
        others_are_on_time(50, how, late)


def others_are_on_time(size: int, how: str, late: float) -> None:
    world = crowd(size)
    world.run(5 * SECOND)
    world.lateness.clear()
    world.away = {0: how}
    world.run(60 * SECOND)
    others = np.concatenate([world.lateness[n] for n in range(1, size)])
    assert len(others) >= (size - 1) * 58
    assert np.mean(others > 300 * MS) <= late
    before = len(world.server.log[0])
    assert before < 10
    world.settle()
    assert len(world.server.log[0]) > 60


def crowd(size: int) -> World:
    """Generators of one event a second, in a world without other faults."""
    world = World(1)
    world.faults = False
    world.generators = {
        PositionKey(7, n, 0): Generator(
            PositionKey(7, n, 0),
            OnError.STOP,
            [begin(world.now + n * 7 * MS, 0, count=1, interval=SECOND)],
        )
        for n in range(size)
    }
    world.start()
    return world

"""No event is lost or repeated: many seeds of a simulation with faults.

`pytest -m slow tests/unit/runs/test_simulation.py` runs ten thousand.
"""

import numpy as np
import pytest

from eventer.core.model import OnError, PositionKey
from eventer.core.pace import ticks
from eventer.runs.pacing import begin
from tests.unit.runs.simulation import ALL_FENCES, MS, SECOND, Generator, Simulation, simulate

BLOCKS, SEEDS_A_BLOCK = 2, 8
SLOW_BLOCKS, SEEDS_A_SLOW_BLOCK = 50, 200


def simulate_all(first: int, count: int) -> None:
    """Every other seed has paces of all kinds."""
    for seed in range(first, first + count):
        try:
            simulate(seed, all_paces=seed % 2 == 1)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_event_is_lost_repeated_or_out_of_order(block: int) -> None:
    simulate_all(block * SEEDS_A_BLOCK, SEEDS_A_BLOCK)


@pytest.mark.parametrize("seed", [371, 511, 2322])
def test_seeds_that_failed_once(seed: int) -> None:
    """A backlog delivered in small transactions; a pause while another owner had the generator."""
    simulate(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(SLOW_BLOCKS))
def test_ten_thousand_seeds(block: int) -> None:
    simulate_all(block * SEEDS_A_SLOW_BLOCK, SEEDS_A_SLOW_BLOCK)


@pytest.mark.parametrize("fence", sorted(ALL_FENCES))
def test_the_simulation_detects_each_missing_fence(fence: str) -> None:
    """It fails without the owner's epoch, the position in the transaction, or rereading it."""
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
    """One generator's target is unavailable for a minute: the others are on time.

    `late` is the largest share of their events that may be over 300 ms late. A transaction that
    times out delays all flows once; an error that names no flow, a few times more.
    """

    @WHO_IS_AWAY
    def test_the_others_are_on_time(self, how: str, late: float) -> None:
        others_are_on_time(12, how, late)

    @pytest.mark.slow
    @WHO_IS_AWAY
    def test_the_others_of_fifty_are_on_time(self, how: str, late: float) -> None:
        others_are_on_time(50, how, late)


def others_are_on_time(size: int, how: str, late: float) -> None:
    simulation = one_event_per_second(size)
    simulation.run(5 * SECOND)
    simulation.lateness.clear()
    simulation.away = {0: how}
    simulation.run(60 * SECOND)
    others = np.concatenate([simulation.lateness[n] for n in range(1, size)])
    assert len(others) >= (size - 1) * 58
    assert np.mean(others > 300 * MS) <= late
    before = len(simulation.server.log[0])
    assert before < 10
    simulation.end_faults_and_check()
    assert len(simulation.server.log[0]) > 60


def one_event_per_second(size: int) -> Simulation:
    """Generators of one event per second, in a simulation without other faults."""
    simulation = Simulation(1)
    simulation.faults = False
    simulation.generators = {
        PositionKey(7, n, 0): Generator(
            PositionKey(7, n, 0),
            OnError.STOP,
            [begin(simulation.now + n * 7 * MS, 0, ticks(1, SECOND))],
        )
        for n in range(size)
    }
    simulation.start()
    return simulation

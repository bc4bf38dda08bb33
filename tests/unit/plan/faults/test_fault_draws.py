"""Which events have which faults."""

import math

import numpy as np

from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.plan.faults.fault_draws import FaultDraws
from tests.families import family

ROWS = 20_000


def rule(kind, probability=0.1):
    return FaultRule(kind, probability, ("a",) if kind.has_fields else ())


def hits(rules, root_key=1, rows=ROWS):
    draws = FaultDraws(rules, root_key)
    parts = [draws.hits(np.arange(at, at + 500)).copy() for at in range(0, rows, 500)]
    return np.concatenate(parts, axis=1)


@family("probability", [0, 0.002, 0.02, 0.5, 0.98, 1])
def test_rates_are_within_binomial_bounds(probability):
    found = hits([rule(kind, probability) for kind in FaultKind]).sum(axis=1)
    deviation = math.sqrt(ROWS * probability * (1 - probability))
    assert (abs(found - ROWS * probability) <= 5 * deviation).all()


def test_faults_are_independent_of_each_other():
    both = hits([rule(FaultKind.NULL, 0.3), rule(FaultKind.NULL, 0.3), rule(FaultKind.DROP, 0.3)])
    for one in range(3):
        for other in range(one):
            assert abs((both[one] & both[other]).sum() - ROWS * 0.09) < 5 * math.sqrt(ROWS * 0.08)


def test_other_rules_and_a_higher_probability_change_no_hit():
    alone = hits([rule(FaultKind.NULL)], rows=2_000)[0]
    among = hits([rule(FaultKind.DROP), rule(FaultKind.NULL), rule(FaultKind.NULL)], rows=2_000)
    assert (among[1] == alone).all()
    assert (hits([rule(FaultKind.NULL, 0.2)], rows=2_000)[0] >= alone).all()
    assert (hits([rule(FaultKind.NULL)], root_key=2, rows=2_000)[0] != alone).any()


def test_the_batch_does_not_matter():
    rules = [rule(kind, 0.2) for kind in FaultKind]
    index = np.arange(3_000)
    whole = FaultDraws(rules, 1).hits(index)
    draws = FaultDraws(rules, 1)
    for start, stop in ((0, 1), (1, 2), (1_000, 1_500), (1_020, 1_030), (20, 21), (2_999, 3_000)):
        assert (draws.hits(index[start:stop]) == whole[:, start:stop]).all()
    assert (draws.hits(index[:2_000:7]) == whole[:, :2_000:7]).all()
    assert (draws.hits(index[5:50:7]) == whole[:, 5:50:7]).all()
    assert draws.hits(index[:0]).shape == (len(rules), 0)

"""Contexts within many list elements: one step at a time, or all chains at once."""

from functools import reduce

import pytest

from eventer.functions.row_reader import HashedDrawKeys
from eventer.jsonnet import object_layers
from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.context import Context
from tests.unit.jsonnet.evaluation import PathKeys, Recorder, evaluate

FOLD = (
    "local r = std.native('r'); "
    "std.foldl(function(o, i) o + { [i]+: { [i + 'x']: r(i) }, a+: { [i]: r(0) } }, "
    "std.map(std.toString, std.range(1, 30)), { b: r(1), a: { b: r(2) } })"
)


@pytest.mark.parametrize("repeated", [False, True])
def test_chains_at_once_have_the_key_and_the_chain_of_single_steps(repeated):
    root = Context.root(7, HashedDrawKeys(), Meter(Budget()))
    elements = [root.child(1).element_context((5, i)) for i in range(12)]
    chains = [(elements[i], elements[i + 1].element_context((6, i))) for i in range(11)]
    chains += chains[:3] * repeated
    start = elements[3].child(2)
    stepwise = reduce(Context.within_elements, chains, start)
    at_once = start.within_chains(chains)
    assert at_once.key == stepwise.key
    assert [each.key for each in at_once.elements] == [each.key for each in stepwise.elements]


def test_elements_that_a_context_is_in_add_nothing():
    root = Context.root(7, HashedDrawKeys(), Meter(Budget()))
    element = root.element_context((5, 0))
    assert element.within_chains([(element,)] * 10) is element


def test_a_long_fold_of_objects_draws_the_same_at_once(monkeypatch):
    def event():
        keys = PathKeys()
        draws = Recorder("r", keys, [("n", False)], lambda arguments, path: [*arguments, str(path)])
        return evaluate(FOLD, draws, keys=keys)

    at_once = event()
    monkeypatch.setattr(object_layers, "_FEW_CHAINS", 1_000)
    assert event() == at_once

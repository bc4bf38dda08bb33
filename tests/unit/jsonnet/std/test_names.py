"""`std` has the names that go-jsonnet's has, all hidden, with the parameters' names of each."""

import pytest

from eventer.jsonnet import std
from eventer.jsonnet.std.registry import CONSTANTS, FUNCTIONS, REQUIRED
from tests import judge
from tests.unit.jsonnet.std import calls
from tests.unit.jsonnet.std.ours import evaluate

BY_FILE = {"thisFile"}
"""Made by the evaluator for each file."""


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    std.load()


def test_the_names_are_those_of_the_judge():
    (names,) = judge.evaluate(["std.objectFieldsAll(std)"])
    assert {*FUNCTIONS, *CONSTANTS} | BY_FILE == set(names)
    assert evaluate("std.objectFieldsAll(std)") == names


def test_all_are_hidden():
    program = "std.objectFields(std)"
    assert evaluate(program) == judge.evaluate([program])[0] == []


def test_there_is_a_sound_call_of_every_function():
    assert set(calls.SOUND) == set(FUNCTIONS)


def test_the_sound_calls_give_values():
    programs = [calls.call(name, arguments) for name, arguments in calls.SOUND.items()]
    wrong = {
        program
        for program, answer in zip(programs, judge.evaluate(programs), strict=True)
        if isinstance(answer, judge.Error)
    }
    assert wrong == {'std["extVar"]("nope")'}


def test_the_parameters_have_the_judges_names():
    """Called by our names, each function gives the judge's value of the sound call."""
    named, plain = [], []
    for name, arguments in calls.SOUND.items():
        params = [param.name for param in FUNCTIONS[name].params]
        pairs = zip(params, arguments, strict=False)
        named.append(calls.call(name, [f"{param}={argument}" for param, argument in pairs]))
        plain.append(calls.call(name, arguments))
    values = [None if isinstance(v, judge.Error) else v for v in judge.evaluate(named)]
    assert values.count(None) == 2, "extVar is an error, native null"
    expected = [None if isinstance(v, judge.Error) else v for v in judge.evaluate(plain)]
    assert values == expected


def test_as_many_arguments_may_be_left_out_as_with_the_judge():
    ours = {
        name: [param.default is REQUIRED for param in spec.params].count(True)
        for name, spec in FUNCTIONS.items()
    }
    programs = [f'std.length(std["{name}"])' for name in ours]
    theirs = dict(zip(ours, judge.evaluate(programs), strict=True))
    assert ours == theirs

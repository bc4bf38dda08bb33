"""`std` has the fields of go-jsonnet's, all hidden, with the same parameter names."""

import pytest

from eventer.jsonnet import std
from eventer.jsonnet.std.declarations import CONSTANTS, FUNCTIONS, REQUIRED
from tests import go_jsonnet
from tests.unit.jsonnet.std import valid_calls
from tests.unit.jsonnet.std.comparison import evaluate

BY_FILE = {"thisFile"}
"""Created by the evaluator for each file."""


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    std.load()


def test_the_names_are_those_of_go_jsonnet():
    (names,) = go_jsonnet.evaluate(["std.objectFieldsAll(std)"])
    assert {*FUNCTIONS, *CONSTANTS} | BY_FILE == set(names)
    assert evaluate("std.objectFieldsAll(std)") == names


def test_all_are_hidden():
    program = "std.objectFields(std)"
    assert evaluate(program) == go_jsonnet.evaluate([program])[0] == []


def test_there_is_a_valid_call_of_every_function():
    assert set(valid_calls.VALID_CALLS) == set(FUNCTIONS)


def test_the_valid_calls_have_values():
    programs = [
        valid_calls.call(name, arguments) for name, arguments in valid_calls.VALID_CALLS.items()
    ]
    wrong = {
        program
        for program, answer in zip(programs, go_jsonnet.evaluate(programs), strict=True)
        if isinstance(answer, go_jsonnet.Error)
    }
    assert wrong == {'std["extVar"]("nope")'}


def test_the_parameters_have_go_jsonnets_names():
    """A call with our parameter names has go-jsonnet's value of the valid call."""
    named, plain = [], []
    for name, arguments in valid_calls.VALID_CALLS.items():
        params = [param.name for param in FUNCTIONS[name].params]
        pairs = zip(params, arguments, strict=False)
        named.append(valid_calls.call(name, [f"{param}={argument}" for param, argument in pairs]))
        plain.append(valid_calls.call(name, arguments))
    values = [None if isinstance(v, go_jsonnet.Error) else v for v in go_jsonnet.evaluate(named)]
    assert values.count(None) == 2, "extVar is an error, native null"
    expected = [None if isinstance(v, go_jsonnet.Error) else v for v in go_jsonnet.evaluate(plain)]
    assert values == expected


def test_as_many_arguments_are_optional_as_in_go_jsonnet():
    ours = {
        name: [param.default is REQUIRED for param in spec.params].count(True)
        for name, spec in FUNCTIONS.items()
    }
    programs = [f'std.length(std["{name}"])' for name in ours]
    theirs = dict(zip(ours, go_jsonnet.evaluate(programs), strict=True))
    assert ours == theirs

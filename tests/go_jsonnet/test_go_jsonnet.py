"""The reference answers in order, and survives programs that kill or hang its process."""

import pytest

from tests import go_jsonnet
from tests.waiting import DEADLINE_S


def test_answers_in_order_with_doubles():
    assert go_jsonnet.evaluate(["1 + 1", "'a'", "{a: [null, true]}"]) == [
        2.0,
        "a",
        {"a": [None, True]},
    ]


def test_an_error_is_an_answer():
    (answer,) = go_jsonnet.evaluate(["error 'no'"])
    assert isinstance(answer, go_jsonnet.Error)
    assert answer.kind == "error"
    assert "no" in answer.message


def test_imports_and_variables_come_from_the_program_only():
    found = go_jsonnet.Program(
        "(import 'lib').x + std.extVar('y')", ext_codes={"y": "2"}, library={"lib": "{x: 1}"}
    )
    lost = go_jsonnet.Program("importstr '/etc/hostname'")
    called = go_jsonnet.Program("function(n) n * 2", tla_codes={"n": "21"})
    answers = go_jsonnet.evaluate([found, lost, called])
    assert answers[0] == 3.0
    assert isinstance(answers[1], go_jsonnet.Error)
    assert answers[2] == 42.0


def test_a_program_that_hangs_is_stopped_and_the_next_one_answered():
    endless = "local f(n) = if n < 0 then 0 else f(n + 1) tailstrict; f(0)"
    impatient = go_jsonnet.GoJsonnet(timeout=0.5)
    try:
        (hung,) = impatient.evaluate([endless])
        impatient.timeout = DEADLINE_S
        (answered,) = impatient.evaluate(["1"])
    finally:
        impatient.close()
    assert isinstance(hung, go_jsonnet.Error)
    assert hung.kind in {"timeout", "crash"}
    assert answered == 1.0


@pytest.mark.parametrize(
    ("left", "right", "ulps", "equal"),
    [
        (True, 1.0, 0, False),
        (None, False, 0, False),
        (0.0, -0.0, 0, False),
        (0.0, -0.0, 1, True),
        (1.0, 1.0000000000000002, 1, True),
        (1.0, 1.0000000000000004, 1, False),
        ("1", 1.0, 0, False),
        ({"a": 1.0, "b": [2.0]}, {"b": [2.0], "a": 1.0}, 0, True),
        ({"a": 1.0}, {"a": 1.0, "b": None}, 0, False),
        ([1.0], [1.0, 2.0], 0, False),
    ],
)
def test_same_is_strict(left, right, ulps, equal):
    assert go_jsonnet.same(left, right, ulps) is equal

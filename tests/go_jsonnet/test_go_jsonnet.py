"""`GoJsonnet` returns results in order and survives crashes and timeouts of its child process."""

from tests import go_jsonnet
from tests.families import family
from tests.waiting import DEADLINE_S


def test_values_are_in_order_and_numbers_are_doubles():
    assert go_jsonnet.evaluate(["1 + 1", "'a'", "{a: [null, true]}"]) == [
        2.0,
        "a",
        {"a": [None, True]},
    ]


def test_a_failing_program_gives_an_error():
    (result,) = go_jsonnet.evaluate(["error 'no'"])
    assert isinstance(result, go_jsonnet.Error)
    assert result.kind == "error"
    assert "no" in result.message


def test_imports_and_variables_come_only_from_the_program():
    with_library = go_jsonnet.Program(
        "(import 'lib').x + std.extVar('y')", ext_codes={"y": "2"}, library={"lib": "{x: 1}"}
    )
    with_missing_import = go_jsonnet.Program("importstr '/etc/hostname'")
    with_argument = go_jsonnet.Program("function(n) n * 2", tla_codes={"n": "21"})
    results = go_jsonnet.evaluate([with_library, with_missing_import, with_argument])
    assert results[0] == 3.0
    assert isinstance(results[1], go_jsonnet.Error)
    assert results[2] == 42.0


def test_a_program_that_hangs_is_stopped_and_the_next_is_evaluated():
    endless = "local f(n) = if n < 0 then 0 else f(n + 1) tailstrict; f(0)"
    evaluator = go_jsonnet.GoJsonnet(timeout=0.5)
    try:
        (stopped,) = evaluator.evaluate([endless])
        evaluator.timeout = DEADLINE_S
        (value,) = evaluator.evaluate(["1"])
    finally:
        evaluator.close()
    assert isinstance(stopped, go_jsonnet.Error)
    assert stopped.kind in {"timeout", "crash"}
    assert value == 1.0


@family(
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

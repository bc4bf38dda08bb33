"""Results that are too large are refused before they are allocated."""

import json
import tracemalloc
from functools import reduce

import pytest

from eventer.jsonnet.budget import Budget
from tests import go_jsonnet
from tests.families import family
from tests.unit.jsonnet.std.comparison import evaluate

SMALL = Budget(steps=50_000, depth=500, bytes=16 << 20, seconds=None)
"""A part of the budget of an event, without a time limit."""

DIGITS = [*range(1, 16), 1, 2, 3]
HUGE = [
    'std.repeat("x", 1e9)',
    "std.repeat([1, 2], 1e9)",
    "std.makeArray(1e9, function(i) i)",
    "std.range(0, 1e9)",
    '"%1000000000d" % 1',
    '"%01000000000d" % 1',
    '"%.1000000000d" % 1',
    '"%-1000000000s" % "x"',
    '"%*s" % [1e12, "x"]',
    'std.strReplace(std.repeat("a", 1e6), "a", std.repeat("b", 1e6))',
    'std.join(std.repeat("x", 1e6), std.makeArray(1e5, function(i) ""))',
    "local a = std.repeat([0], 1e5); std.flatMap(function(x) a, a)",
    "local a = std.repeat([0], 1e5); std.flattenArrays(std.repeat([a], 1e5))",
    'local s = std.repeat("ab", 1e6); std.foldl(function(a, b) a + a, s, s)',
    "std.foldl(function(a, b) a + a, std.range(1, 100), [1])",
    "std.escapeStringJson(std.repeat('\\u0001', 6e7))",
    "std.manifestJsonMinified(std.repeat([std.repeat('x', 1e6)], 1e4))",
    "std.manifestYamlDoc(std.repeat([std.repeat('x', 1e6)], 1e4))",
    "std.manifestPython(std.repeat([std.repeat('x', 1e6)], 1e4))",
    "std.manifestTomlEx({ a: std.repeat([std.repeat('x', 1e6)], 1e4) }, '')",
    "std.base64(std.repeat('x', 6e7))",
    "std.stringChars(std.repeat('x', 1e7))",
    "std.findSubstr('x', std.repeat('x', 1e7))",
    "std.split(std.repeat(',', 6e7), ',')",
]


@family("program", HUGE)
def test_a_large_program_is_refused(program):
    answer = evaluate(program, SMALL)
    assert isinstance(answer, go_jsonnet.Error)
    assert answer.kind == "BudgetError", answer


@family("program", [p for p in HUGE if "1e9" in p or "1000000000" in p])
def test_large_results_are_refused_before_they_are_allocated(program):
    tracemalloc.start()
    try:
        evaluate(program, Budget(seconds=None))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_too_many_aliases_are_refused():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for name, below in zip("bcdefgh", "abcdefg", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]")
    text = "\n".join(lines)
    answer = evaluate(f"std.parseYaml({text!r})", SMALL)
    assert isinstance(answer, go_jsonnet.Error)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"%TAG !a{number}! x\n" for number in range(2_000)) + "--- a",
        '"' + "\\'" * 1_000 + '"',
        "[" + "a:, " * 1_000 + "]",
    ],
    ids=["directives", "escapes", "colons"],
)
def test_yaml_that_takes_quadratic_time_is_refused(text):
    answer = evaluate(f"std.parseYaml({json.dumps(text)})", SMALL)
    assert isinstance(answer, go_jsonnet.Error)
    assert answer.kind == "BudgetError", answer


def test_a_yaml_number_with_many_digits_is_a_string():
    digits = "1" * 10_000
    assert evaluate(f"std.parseYaml('{digits}')", SMALL) == digits


@family("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900])
@family("name", ["parseJson", "parseYaml"])
def test_deep_texts_are_values_or_errors_never_crashes(name, text):
    answer = evaluate(f"std.length(std.{name}({text!r}))", SMALL)
    assert isinstance(answer, go_jsonnet.Error | int | float)


@family(
    "program",
    [
        "local o = { a: self }; std.%s(o)",
        "local a = [a]; std.%s(a)",
        "local o = { a: o }; std.%s(o)",
    ],
)
@family(
    "name",
    ["manifestJson", "manifestYamlDoc", "manifestPython", "manifestToml", "prune", "toString",
     "manifestXmlJsonml", "deepJoin", "flattenDeepArray", "manifestIni"],
)  # fmt: skip
def test_a_value_that_contains_itself_is_an_error(program, name):
    answer = evaluate(program % name, SMALL)

    assert isinstance(answer, go_jsonnet.Error)


@family(
    ("call", "value"),
    [
        ("std.parseHex(std.repeat('0', 5e5) + 'Ff')", 255),
        ("std.parseOctal(std.repeat('0', 5e5) + '17')", 15),
        ("std.parseHex(std.repeat('f', 255))", reduce(lambda n, _: 16 * n + 15, range(255), 0.0)),
        ("std.parseHex('123456789abcdef123')", reduce(lambda n, d: 16 * n + d, DIGITS, 0.0)),
        ("std.parseHex(':?')", 175),
    ],
)
def test_long_numerals_take_few_steps(call, value):
    assert evaluate(call, SMALL) == value


@family("function", ["parseHex", "parseOctal"])
@family(
    ("text", "error"),
    [
        ("std.repeat('7', 5e5)", "overflow"),
        ("std.repeat('7', 5e5) + 'g'", "is not a base"),
        ("std.repeat('@', 5e5)", "is not a base"),
    ],
)
def test_long_texts_that_are_not_numerals(function, text, error):
    assert error in evaluate(f"std.{function}({text})", SMALL).message

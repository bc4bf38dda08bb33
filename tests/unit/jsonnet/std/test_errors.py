"""Errors of `std` name the function, the argument, the expected and the given type."""

import pytest

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.functions.row_reader import HashedDrawKeys
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load
from tests.families import family
from tests.unit.jsonnet.std import valid_calls
from tests.unit.jsonnet.std.comparison import NoNatives


def raised(text):
    environment = Environment(natives=NoNatives(), keys=HashedDrawKeys())
    with pytest.raises(TemplateError) as info:
        Interpreter(load(Template(text)), environment).event(1)
    return info.value


@family(
    ("program", "words"),
    [
        ('std.substr("abc", "x", 1)', ["std.substr", "from", "number", "string"]),
        ('std.substr("abc", 1.5, 1)', ["std.substr", "from", "whole", "1.5"]),
        ("std.map(1, [])", ["std.map", "func", "function", "number"]),
        ("std.map(function(x) x, {})", ["std.map", "arr", "array", "object"]),
        ('std.split("a", "")', ["std.split", "one character"]),
        ("std.parseInt('12x')", ["std.parseInt", "12x", "base 10"]),
        ("std.sqrt(-1)", ["std.sqrt", "not a number"]),
        ("std.exp(1000)", ["std.exp", "too large"]),
        ('"%d" % "x"', ["number", "string"]),
        ('"%d %d" % [1]', ["not enough values"]),
        ('"%d" % [1, 2]', ["too many values"]),
        ('"%z" % 1', ["unrecognised", "z"]),
        ('"%(a)d" % { b: 1 }', ["no such field", "a"]),
        ("std.minArray([])", ["std.minArray", "empty"]),
        ("std.removeAt([1], 5)", ["std.removeAt", "5"]),
        ("std.parseJson('{')", ["JSON", "line 1", "column"]),
        ("std.parseJson('[1,]')", ["JSON", "at line 1, column 4"]),
        ("std.parseYaml('a: [b')", ["',' or ']' at line 2", "flow sequence from line 1, column 4"]),
        ("std.parseYaml('a: 1\\n b: 2')", ["YAML: mapping values", "at line 2, column 3"]),
        ("std.parseYaml('a\\n---\\n- *b')", ["YAML", "anchor", "'b' at line 3, column 3"]),
        ("std.parseYaml('a: !!int b')", ["YAML", "'b' is not a valid int at line 1, column 4"]),
        ("std.parseYaml('a: {? [b]: c}')", ["YAML", "a key must be", "at line 1, column 7"]),
        ("std.parseYaml('a: .inf')", ["YAML", "infinity", "at line 1, column 4"]),
        ("std.parseYaml('a: \\u0001')", ["YAML", "U+0001"]),
        ("std.assertEqual(1, 2)", ["1 != 2"]),
        ("std.manifestToml({ a: { b: null } })", ["null", "a.b", "TOML"]),
        ("std.base64Decode('abc')", ["std.base64Decode", "Base64"]),
    ],
)
def test_messages(program, words):
    message = raised(program).message
    assert not [word for word in words if word not in message], message


def test_the_place_is_the_call():
    place = raised("{\n  a: 1,\n  b: std.sqrt('x'),\n}").place
    assert (place.line, place.column) == (3, 6)


def test_the_error_of_every_invalid_call_has_a_place_and_one_line():
    wrong = [
        valid_calls.call(name, ["function(a, b, c) 1"] * len(arguments))
        for name, arguments in valid_calls.VALID_CALLS.items()
        if name not in {"id", "length", "trace"} and not name.startswith(("is", "type"))
    ]
    checked = 0
    for program in wrong:
        try:
            error = raised(program)
        except pytest.fail.Exception:
            continue
        checked += 1
        assert error.place is not None, program
        assert "\n" not in error.message, program
    assert checked > 120

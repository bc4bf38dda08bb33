"""JSON text (compact, keys by code point, numbers and escapes of RFC 8785) and Python values."""

import math

from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.manifest import Manifester
from eventer.jsonnet.object_values import object_of
from eventer.jsonnet.values import Array
from tests.families import family
from tests.unit.jsonnet.evaluation import interpreter

TEXTS = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (0.0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (-5.0, "-5"),
    (0.1, "0.1"),
    (1e21, "1e+21"),
    (1e20, "100000000000000000000"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (1.5e300, "1.5e+300"),
    (5e-324, "5e-324"),
    (9007199254740992.0, "9007199254740992"),
    (9007199254740994.0, "9007199254740994"),
    (333333333.33333329, "333333333.3333333"),
    ("", '""'),
    ('"\\/', '"\\"\\\\/"'),
    ("\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'),
    ("\x00\x1f\x7f\x80", '"\\u0000\\u001f\x7f\x80"'),
    ("é\u2028😀", '"é\u2028😀"'),
    (Array([]), "[]"),
    (Array([1.0, "a", Array([None])]), '[1,"a",[null]]'),
    (object_of({}), "{}"),
    (object_of({"b": 1.0, "a": object_of({"c": True})}), '{"a":{"c":true},"b":1}'),
    (object_of({'"': 1.0}), '{"\\"":1}'),
]


def manifest():
    return Manifester(Meter(Budget(seconds=None)))


@family(("value", "text"), TEXTS)
def test_text(value, text):
    assert manifest().text(value) == text


def test_keys_go_by_code_point_not_by_utf_16():
    names = ["\ue000", "😀", "a", "", "Z", "é"]
    text = manifest().text(object_of(dict.fromkeys(names, 1.0)))
    assert text == '{"":1,"Z":1,"a":1,"é":1,"\ue000":1,"😀":1}'


def test_hidden_names_are_left_out():
    both = manifest().text_and_value(object_of({"a": 1.0, "b": 2.0}, hidden=("a",)))
    assert both == ('{"b":2}', {"b": 2})


def test_whole_numbers_up_to_2_53_are_int_in_python():
    value = manifest().python(Array([1.0, -0.0, 2.0**53, 2.0**53 + 2, 0.5, 1e300]))
    assert [type(number) for number in value] == [int, int, int, float, float, float]


def test_numbers_read_back_as_the_same_double():
    for number in (0.1 + 0.2, 1 / 3, math.pi * 1e100, 123456789.12345678, 2.0**70):
        assert float(manifest().text(number)) == number


def test_python_and_text_agree():
    value = object_of({"a": Array([1.0, "x"])})
    assert manifest().text_and_value(value) == (manifest().text(value), manifest().python(value))


def test_strings_inside_the_language_have_their_own_rule():
    event = interpreter("{n: 0.1, s: '' + 0.1, t: std.toString([1e-7, '\\u007f'])}").event(1)
    assert event.text.startswith('{"n":0.1,"s":"0.10000000000000001",')
    assert event.value["t"] == '[9.9999999999999995e-08, "\\u007f"]'

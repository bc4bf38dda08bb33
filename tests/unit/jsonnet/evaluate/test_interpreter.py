"""Many independent events of one program; variables, imports, traces."""

import json

import pytest

from eventer.core.errors import BudgetError, EvaluationError
from tests.unit.jsonnet.evaluation import (
    PathKeys,
    Recorder,
    evaluate,
    evaluation_error,
    interpreter,
)
from tests.unit.jsonnet.front_end import where

# -- variables -----------------------------------------------------------------------------------


def test_vars_are_external_variables():
    value = evaluate("{a: std.extVar('n'), b: std.extVar('o').x}", vars={"n": 5, "o": {"x": [1]}})
    assert value == {"a": 5, "b": [1]}


def test_vars_are_the_arguments_of_a_template_that_is_a_function():
    text = "function(name, times=2) {v: std.repeat(name, times)}"
    assert evaluate(text, vars={"name": "x"}) == {"v": "xx"}
    assert evaluate(text, vars={"name": "x", "times": 3, "other": 1}) == {"v": "xxx"}


def test_a_missing_argument_is_named():
    error = evaluation_error("function(n, name) name", vars={"n": 1})
    assert error.message == "argument 'name' of the template is missing"
    assert error.hint == "set it with `-V name=…` or in `vars`"
    assert where(error) == "function(n, name) name"


def test_a_misspelt_variable_gets_a_suggestion():
    assert evaluation_error("std.extVar('nmae')", vars={"name": 1}).hint == "did you mean 'name'?"


def test_halves_of_surrogate_pairs_in_vars_are_replaced():
    assert evaluate("std.extVar('n')", vars={"n": "a\ud800b\U0001f600"}) == "a\ufffdb\U0001f600"


def test_vars_can_be_extended_like_any_object():
    assert evaluate("std.extVar('o') {b: self.a}", vars={"o": {"a": 1}}) == {"a": 1, "b": 1}


# -- imports -------------------------------------------------------------------------------------


def test_imports():
    assert evaluate("(import 'lib').f(2)", lib="{f(x): x + self.n, n:: 1}") == 3


def test_imports_import():
    assert evaluate("import 'a'", a="(import 'b') + 1", b="1") == 2


def test_files_may_import_each_other_lazily():
    text = "{x: (import 'a').x}"
    assert evaluate(text, a="{x: (import 'b').y, z: 1}", b="{y: (import 'a').z}") == {"x": 1}


def test_files_that_import_each_other_strictly_are_refused():
    error = evaluation_error("import 'a'", a="import 'b'", b="import 'a'")
    assert "imports itself" in error.message


def test_text_and_bytes():
    assert evaluate("[importstr 'a', importbin 'a']", a="é!") == ["é!", [0xC3, 0xA9, 0x21]]


def test_invalid_utf8_in_imported_text_becomes_replacement_characters():
    assert evaluate("importstr 'a'", a=b"\xe2\x82|\xff") == "\ufffd\ufffd|\ufffd"


def test_the_file_knows_its_name():
    value = evaluate("[std.thisFile, import 'lib__x']".replace("__", "."), lib__x="std.thisFile")
    assert value == ["template", "lib.x"]


# -- traces --------------------------------------------------------------------------------------


def test_std_trace_goes_to_the_sink_with_its_place():
    seen = []
    value = evaluate(
        "{\n  a: std.trace('hi', 1),\n}",
        trace=lambda message, place: seen.append((message, place.line, place.column)),
    )
    assert value == {"a": 1}
    assert seen == [("hi", 2, 6)]


# -- events --------------------------------------------------------------------------------------


def counter():
    return Recorder("n", PathKeys(), result=None)


def test_events_do_not_affect_later_events():
    count = iter(range(100))
    native = Recorder("n", PathKeys(), result=lambda _arguments, _path: next(count))
    text = """
        local n = std.native('n'), x = n();
        {a: x, b: self.a, c: [n() for i in [1, 2]], d: (import 'lib').v, e: {local y = n(), f: y}}
    """
    interpreted = interpreter(text, native, lib="{v: std.native('n')()}")
    first, second = interpreted.event(1).value, interpreted.event(1).value
    assert set(_leaves(first)).isdisjoint(_leaves(second))
    assert len(native.calls) == 10


def _leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


def test_another_root_key_gives_other_draws():
    keys = PathKeys()
    native = Recorder("n", keys, result=lambda _arguments, path: list(path))
    interpreted = interpreter("{a: std.native('n')()}", native, keys=keys)
    roots = [interpreted.event(key).value["a"][0] for key in (1, 2, 1)]
    assert roots == [1, 2, 1]


def test_an_event_after_one_that_raised_is_complete():
    results = iter([EvaluationError("once"), 5])

    def result(_arguments, _path):
        value = next(results)
        if isinstance(value, EvaluationError):
            raise value
        return value

    text = "local x = std.native('n')(); {a: {b: x}, c: self.a.b}"
    interpreted = interpreter(text, Recorder("n", PathKeys(), result=result))
    with pytest.raises(EvaluationError):
        interpreted.event(1)
    assert interpreted.event(1).value == {"a": {"b": 5}, "c": 5}


def test_many_contexts_are_dropped_between_events():
    keys = PathKeys()
    native = Recorder("n", keys, result=lambda _arguments, path: path[-2])
    text = "[std.native('n')() for i in std.range(0, 15000)][14999:]"
    interpreted = interpreter(text, native, keys=keys)
    assert {interpreted.event(1).text for _ in range(3)} == {"[14999,15000]"}


def test_text_and_value_agree():
    event = interpreter("{b: [1, 2.5, 'é\\n'], a: null, c:: 1}").event(1)
    assert event.text == '{"a":null,"b":[1,2.5,"é\\n"]}'
    assert json.loads(event.text) == event.value == {"a": None, "b": [1, 2.5, "é\n"]}


def test_a_literal_name_that_is_not_a_string_is_refused_at_evaluation():
    assert evaluate("{a: 1, b:: {[1]: 2}}") == {"a": 1}


def test_a_budget_error_has_a_place():
    deep = interpreter("local f(n, a) = if n == 0 then a else f(n - 1, [a]) tailstrict; f(9999, 1)")
    with pytest.raises(BudgetError) as raised:
        deep.event(1)
    assert raised.value.place.name == "template"

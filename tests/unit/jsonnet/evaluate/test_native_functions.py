"""Natives: calls, results and errors."""

from eventer.core.errors import EvaluationError
from tests.families import family
from tests.unit.jsonnet.evaluation import PathKeys, Recorder, evaluate, evaluation_error

LOCAL = 'local n = std.native("n"); '


def recorder(*params, result=None):
    return Recorder("n", PathKeys(), [(name, False) for name in params], result)


def called(text, *params):
    native = recorder(*params)
    evaluate(LOCAL + text, native)
    return [arguments for arguments, _ in native.calls]


def test_arguments_are_manifested_to_json():
    text = 'n({b: [1, 2.5, null], a: {c: true}, h:: 1}, "x")'
    assert called(text, "a", "b") == [[{"a": {"c": True}, "b": [1, 2.5, None]}, "x"]]


def test_whole_numbers_are_int():
    ((whole, fraction),) = called("n(3, 0.5)", "a", "b")
    assert (type(whole), type(fraction)) == (int, float)


def test_arguments_that_are_computed_are_manifested_at_each_call():
    assert called("[n(i) for i in [1, 2]]", "a") == [[1], [2]]


def test_named_arguments_find_their_parameter():
    assert called("n(b=1, a=2)", "a", "b") == [[2, 1]]
    assert called("n(1, b=2)", "a", "b") == [[1, 2]]


def test_omitted_arguments_are_none():
    native = Recorder("n", PathKeys(), [("a", False), ("b", True), ("c", True)])
    evaluate(LOCAL + "[n(1), n(1, c=2), n(1, 2), n(a=3)]", native)
    assert [arguments for arguments, _ in native.calls] == [
        [1, None, None],
        [1, None, 2],
        [1, 2, None],
        [3, None, None],
    ]


def test_a_native_whose_value_is_not_needed_is_not_called():
    assert called("{a:: n(1), b: 2}", "a") == []


def test_a_native_is_called_once_for_a_value_read_twice():
    assert called("{a: n(1), b: self.a, c: $.a}", "a") == [[1]]


def test_a_native_is_a_value():
    native = recorder("a", result=5)
    text = 'local f = [std.native("n")][0]; {a: f(1), b: std.map(f, [2]), c: std.length(f)}'
    assert evaluate(text, native) == {"a": 5, "b": [5], "c": 1}


def test_a_native_found_by_a_computed_name():
    assert evaluate('local f(x) = std.native(x); f("n")(1)', recorder("a", result=5)) == 5


@family(
    "result",
    [None, True, 5, -0.5, "x", [], {}, {"a": [1, {"b": None}]}, 1 << 60, [[["x"]]]],
)
def test_results_are_json(result):
    assert evaluate(LOCAL + "n()", recorder(result=result)) == result


def test_a_result_that_is_not_a_number_is_an_error():
    error = evaluation_error(LOCAL + "{a: n()}", recorder(result=float("inf")))
    assert (error.place.line, error.place.column) == (1, 32)


class LazyObject:
    """The object of a native; records the fields that are read."""

    def __init__(self):
        self.read = []

    def names(self):
        return ("first", "second")

    def hidden_names(self):
        return ("alias",)

    def get(self, name):
        self.read.append(name)
        return name.upper()


def test_a_native_object_computes_only_the_fields_that_are_read():
    lazy = LazyObject()
    assert evaluate(LOCAL + 'local o = n(); [o["first"], o.first]', recorder(result=lazy)) == [
        "FIRST",
        "FIRST",
    ]
    assert lazy.read == ["first"]


def test_a_native_object_manifests_its_visible_names():
    lazy = LazyObject()
    assert evaluate(LOCAL + "n()", recorder(result=lazy)) == {"first": "FIRST", "second": "SECOND"}


def test_hidden_names_can_be_read():
    native = recorder(result=LazyObject())
    assert evaluate(LOCAL + '[n().alias, "alias" in n(), std.length(n())]', native) == [
        "ALIAS",
        True,
        2,
    ]


def test_a_native_object_can_be_extended():
    native = recorder(result=LazyObject())
    text = LOCAL + "n() {second: super.second + super.alias, third: self.first}"
    assert evaluate(text, native) == {
        "first": "FIRST",
        "second": "SECONDALIAS",
        "third": "FIRST",
    }


def test_a_misspelt_field_of_a_native_object_gets_a_suggestion():
    error = evaluation_error(LOCAL + "n().frist", recorder(result=LazyObject()))
    assert "'first'" in error.hint


# -- errors ------------------------------------------------------------------------------------


def test_an_unknown_native_is_null_until_it_is_called():
    assert evaluate('std.native("m")', recorder()) is None
    assert evaluate('local f = std.native("m"); {a: f == null}', recorder()) == {"a": True}


def test_a_call_of_an_unknown_native_points_at_its_name_with_a_suggestion():
    native = Recorder("get_integer", PathKeys(), [("low", False), ("high", False)])
    text = 'local get_integer = std.native("get_intger");\n{id: get_integer(1, 10)}'
    error = evaluation_error(text, native)
    assert error.hint == "did you mean 'get_integer'?"
    assert "get_intger" in error.message
    assert (error.place.line, error.place.column) == (1, 21)
    assert (error.trace[0].place.line, error.trace[0].place.column) == (2, 6)


def test_a_direct_call_of_an_unknown_native_gets_a_suggestion():
    native = Recorder("get_integer", PathKeys(), [])
    assert (
        evaluation_error('std.native("get_intger")(1)', native).hint
        == "did you mean 'get_integer'?"
    )


@family(
    ("call", "says"),
    [
        ("n(1)", "'high' of n is missing"),
        ("n(1, 2, 3)", "n takes 2 arguments, not 3"),
        ("n(1, hihg=2)", "no parameter 'hihg'"),
        ("n(1, low=2)", "'low' of n is given twice"),
        ("n(1, high=2, high=3)", "given twice"),
        ("n(1, function(x) x)", "a function is not a JSON value"),
        ("n(1, error 'inner')", "inner"),
    ],
)
def test_wrong_arguments(call, says):
    native = recorder("low", "high")
    error = evaluation_error(LOCAL + "{a: " + call + "}", native)
    assert says in error.message
    assert error.place.line == 1
    assert error.place.column >= 32
    assert native.calls == []


def test_a_misspelt_parameter_gets_a_suggestion():
    error = evaluation_error(LOCAL + "n(1, hihg=2)", recorder("low", "high"))
    assert error.hint == "did you mean 'high'?"


def test_an_error_of_a_native_gets_the_place_of_the_call():
    native = recorder("a", result=EvaluationError("low is above high", hint="swap them"))
    error = evaluation_error(LOCAL + "{\n  a: n(1),\n}", native)
    assert error.hint == "swap them"
    assert (error.place.line, error.place.column) == (2, 6)
    assert error.place.source_line == "  a: n(1),"

"""A function given to `std` draws by (argument, element), whatever the order of evaluation."""

from eventer.core.model import Template
from eventer.functions.row_reader import HashedDrawKeys
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load
from tests.families import family


class KeyNative:
    """A native whose value is its draw key, as text."""

    name = "key"
    params = ()

    def call(self, _arguments, key):
        return str(key)


class KeyNatives:
    def find(self, name):
        return KeyNative() if name == "key" else None

    def names(self):
        return ("key",)


def value(text):
    environment = Environment(natives=KeyNatives(), keys=HashedDrawKeys())
    program = load(Template("local k = std.native('key');\n" + text))
    return Interpreter(program, environment).event(7).value


@family(
    "program",
    [
        "std.map(function(x) k(), [1, 2, 3])",
        "std.mapWithIndex(function(i, x) k(), [1, 2, 3])",
        "std.makeArray(3, function(i) k())",
        "std.flatMap(function(x) [k()], [1, 2, 3])",
        "std.filterMap(function(x) true, function(x) k(), [1, 2, 3])",
        "std.foldl(function(all, x) all + [k()], [1, 2, 3], [])",
        "std.foldr(function(x, all) all + [k()], [1, 2, 3], [])",
        "std.objectValues(std.mapWithKey(function(n, v) k(), { a: 1, b: 2, c: 3 }))",
    ],
)
def test_elements_draw_independently(program):
    drawn = value(program)
    assert len(set(drawn)) == len(drawn) == 3


def test_the_two_functions_of_a_call_draw_independently():
    draws = value(
        "std.filterMap(function(x) std.length(k()) > 0, function(x) k(), [1])"
        " + std.filterMap(function(x) true, function(x) k(), [1])"
    )
    assert len(draws) == 2


def test_an_element_draws_by_its_unfiltered_index():
    kept = "std.filterMap(function(x) x > %d, function(x) k(), [1, 2, 3])"
    assert value(kept % 0)[2] == value(kept % 2)[0]


def test_order_of_evaluation_does_not_count():
    program = "local a = std.map(function(x) k(), [1, 2, 3]); %s"
    assert value(program % "std.reverse(a)") == value(program % "a")[::-1]
    assert value(program % "a[2]") == value(program % "a")[2]


def test_a_key_of_an_object_draws_by_its_name():
    program = "std.mapWithKey(function(n, v) k(), { %s })"
    assert value(program % "a: 1, b: 2")["b"] == value(program % "b: 2")["b"]


def test_key_functions_count_as_called_once_for_each_element():
    """A shuffle by drawn keys does not depend on the comparisons of the sort."""
    shuffle = "std.sort(std.range(1, 40), function(x) k())"
    shuffled = value(shuffle)
    assert shuffled == value(shuffle)
    assert sorted(shuffled) == list(range(1, 41)) != shuffled
    assert len(value("std.set([1, 1, 1], function(x) k())")) == 3


def test_the_two_inputs_of_a_set_function_draw_independently():
    assert value("std.setInter([1, 2], [1, 2], function(x) k())") == []

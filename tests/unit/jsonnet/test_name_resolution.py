"""Unknown variables are refused at their place; other variables have a binder."""

from eventer.core.errors import TemplateStaticError
from eventer.jsonnet.name_resolution import resolve_names
from eventer.jsonnet.nodes import Var
from eventer.jsonnet.walk import walk_nodes
from tests.families import family
from tests.unit.jsonnet.front_end import core, refused, where


@family(
    ("text", "at"),
    [
        ("x", "x"),
        ("local f(a) = b; 1", "b"),
        ("{ a: 1, b: a }", "a"),
        ("{ local a = 1, [a]: 2 }", "a"),
        ("[x for x in x]", "x"),
        ("[x for y in [1] if x]", "x"),
        ("[[x for x in [1]], x]", "x"),
        ("{ [y]: 1, local y = x for x in ['a'] }", "y"),
        ("local unused = nothing; 1", "nothing"),
        ("function(a=b) a", "b"),
        ("(local a = 1; a) + a", "a"),
        ("$", "$"),
        ("{ [$.a]: 1 }", "$"),
        ("local a = $; { b: a }", "$"),
        ("{ [x]: 1 for x in [$.a] }", "$"),
        ("self.a", "self"),
        ("{ [self.a]: 1 }", "self"),
        ("function() super.a", "super.a"),
        ("'a' in super", "'a' in super"),
        ("{ [x]: 1 for x in [self] }", "self"),
    ],
)
def test_refused(text, at):
    error = refused(text)
    assert isinstance(error, TemplateStaticError)
    assert where(error) == at


@family(
    ("text", "name"),
    [
        ("local get_integer = 1; get_intger", "get_integer"),
        ("function(count) cuont", "count"),
        ("[elment for element in []]", "element"),
        ("sdt.length([])", "std"),
    ],
)
def test_unknown_variables_get_a_suggestion(text, name):
    assert refused(text).hint == f"did you mean {name!r}?"


def owner_kinds(text):
    tree = core(text)
    binder_of = resolve_names(tree)
    found = [node for node in walk_nodes(tree) if isinstance(node, Var) and id(node) in binder_of]
    binders = [(node.name, binder_of[id(node)]) for node in found]
    return [(name, type(b.owner).__name__, b.index, b.bind is not None) for name, b in binders]


def test_binders():
    text = "local a = 1; function(b, c=b) [[a, c, d] for d in b if d]"
    assert owner_kinds(text) == [
        ("b", "Function", 0, False),
        ("a", "Local", 0, True),
        ("c", "Function", 1, False),
        ("d", "ArrayComp", 0, False),
        ("b", "Function", 0, False),
        ("d", "ArrayComp", 0, False),
    ]


def test_the_innermost_binder_counts():
    assert owner_kinds("local a = 1; { local a = 2, b: function(a) a, [a]: a }") == [
        ("a", "Function", 0, False),
        ("a", "Local", 0, True),
        ("a", "Object", 0, True),
    ]


def test_a_for_variable_hides_an_earlier_one_from_there_on():
    assert owner_kinds("[x for x in [1] for x in [x]]") == [
        ("x", "ArrayComp", 1, False),
        ("x", "ArrayComp", 0, False),
    ]


def test_the_last_of_two_parameters_of_one_name_counts():
    assert owner_kinds("function(a, a) a") == [("a", "Function", 1, False)]


def test_std_is_free_unless_bound():
    assert owner_kinds("std") == []
    assert owner_kinds("local std = 1; std") == [("std", "Local", 0, True)]

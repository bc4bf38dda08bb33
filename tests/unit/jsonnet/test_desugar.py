"""Syntactic sugar becomes the same tree as its long form."""

import dataclasses

from eventer.jsonnet.nodes import (
    Apply,
    Error,
    Extend,
    Function,
    Literal,
    Node,
    Object,
    Parens,
    Self,
    Slice,
    StdReference,
)
from eventer.jsonnet.walk import walk_nodes
from tests.families import family
from tests.unit.jsonnet.front_end import core


def bare(node):
    """A tree as plain tuples, without places, names of functions, and dots."""
    if isinstance(node, Node):
        dropped = ("span", "dotted") + (("name",) if isinstance(node, Function) else ())
        parts = [f.name for f in dataclasses.fields(node) if f.name not in dropped]
        return type(node).__name__, *[bare(getattr(node, name)) for name in parts]
    return tuple(bare(each) for each in node) if isinstance(node, tuple) else node


@family(
    ("sugar", "plain"),
    [
        ("(((1)))", "1"),
        ("if a then b", "if a then b else null"),
        ("assert a : b; c", "if a then c else error b"),
        ("assert a; c", "if a then c else error 'Assertion failed'"),
        ("a { b: 1 }", "a + { b: 1 }"),
        ("a.b", "a['b']"),
        ("local f(x, y=1) = x; f", "local f = function(x, y=1) x; f"),
        ("{ f(x): x }", "{ f: function(x) x }"),
        ("{ local f(x) = x }", "{ local f = function(x) x }"),
        ("'a'", '"\\u0061"'),
        ("1_000", "1e3"),
        ("a[1:2]", "a[1:2:null]"),
        ("a[::3]", "a[null:null:3]"),
        ("1e999", "error 'overflow'"),
    ],
)
def test_sugar(sugar, plain):
    assert bare(core(sugar)) == bare(core(plain))


def test_core_trees_have_no_surface_nodes():
    text = "local a = (1); assert a == 1; [a { b: (2) }, a[1:], { c: (if a then b) }]"
    assert not [n for n in walk_nodes(core(text)) if isinstance(n, (Parens, Slice, Extend))]


def test_slices_call_the_library_whatever_std_is():
    tree = core("local std = 1; a[1:]").body
    assert isinstance(tree, Apply)
    assert isinstance(tree.target, StdReference)
    assert tree.target.name == "slice"


def test_only_the_outermost_objects_bind_the_dollar():
    tree = core("[{ a: { b: 1 }, local c = { d: 2 }, assert { e: 3 } != 4 }, { f: 5 }]")
    objects = [node for node in walk_nodes(tree) if isinstance(node, Object)]
    binds = {o.fields[0].name.value: [b.name for b in o.locals] for o in objects}
    assert binds == {"a": ["c", "$"], "b": [], "d": [], "e": [], "f": ["$"]}
    assert isinstance(objects[0].locals[-1].body, Self)


def test_an_object_in_a_field_name_is_outermost_too():
    tree = core("{ [{ a: 'x' }.a]: 1 }")
    inner = tree.fields[0].name.target
    assert [bind.name for bind in inner.locals] == ["$"]


def test_comprehensions_bind_the_dollar_inside_only():
    tree = core("{ [{ a: x }.a]: { b: 1 } for x in [{ c: 2 }] }")
    assert [bind.name for bind in tree.locals] == ["$"]
    assert [bind.name for bind in tree.name.target.locals] == ["$"]
    assert tree.body.locals == ()
    assert [bind.name for bind in tree.specs[0].source.elements[0].locals] == ["$"]


def test_functions_have_the_name_that_they_are_bound_to():
    tree = core("{ local a = function() 1, b: (function() 2), c(): 3, ['d']: function() 4 }")
    names = [node.name for node in walk_nodes(tree) if isinstance(node, Function)]
    assert sorted(names) == ["a", "b", "c", "d"]


def test_numbers_beyond_doubles_are_an_error_only_when_evaluated():
    tree = core("1e999")
    assert isinstance(tree, Error)
    assert isinstance(tree.message, Literal)

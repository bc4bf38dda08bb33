"""Trees of the grammar, precise spans, helpful errors, nesting."""

import pytest

from eventer.jsonnet.nodes import (
    Apply,
    ArrayComp,
    Assert,
    Binary,
    Extend,
    ForSpec,
    Function,
    If,
    IfSpec,
    Index,
    InSuper,
    Literal,
    Local,
    Object,
    ObjectComp,
    Slice,
    SuperIndex,
    Unary,
    Visibility,
)
from eventer.jsonnet.token_stream import MAX_NESTING
from eventer.jsonnet.walk import MAX_HEIGHT, walk_nodes
from tests.families import family
from tests.unit.jsonnet.front_end import core, program, refused, surface, where


def shape(node):
    """A tree of operators as nested tuples."""
    if isinstance(node, Binary):
        return node.operator, shape(node.left), shape(node.right)
    if isinstance(node, Unary):
        return node.operator, shape(node.operand)
    if isinstance(node, Index):
        return ".", shape(node.target), shape(node.index)
    return node.value if isinstance(node, Literal) else getattr(node, "name", type(node).__name__)


@family(
    ("text", "tree"),
    [
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("a + b * c", ("+", "a", ("*", "b", "c"))),
        ("a * b + c", ("+", ("*", "a", "b"), "c")),
        ("a << b + c", ("<<", "a", ("+", "b", "c"))),
        ("a < b << c", ("<", "a", ("<<", "b", "c"))),
        ("a == b < c", ("==", "a", ("<", "b", "c"))),
        ("a in b == c", ("==", ("in", "a", "b"), "c")),
        ("a & b == c", ("&", "a", ("==", "b", "c"))),
        ("a ^ b & c", ("^", "a", ("&", "b", "c"))),
        ("a | b ^ c", ("|", "a", ("^", "b", "c"))),
        ("a && b | c", ("&&", "a", ("|", "b", "c"))),
        ("a || b && c", ("||", "a", ("&&", "b", "c"))),
        ("-a.b", ("-", (".", "a", "b"))),
        ("!a == b", ("==", ("!", "a"), "b")),
        ("- -a * b", ("*", ("-", ("-", "a")), "b")),
        ("a % b / c", ("/", ("%", "a", "b"), "c")),
        ("a + if b then c else d + e", ("+", "a", "If")),
    ],
)
def test_precedence(text, tree):
    assert shape(surface(text)) == tree


def test_postfix_binds_to_the_object_on_its_left():
    tree = surface("{a: 1} {b: 2}.b")
    assert isinstance(tree, Index)
    assert isinstance(tree.target, Extend)


def test_prefix_forms_reach_to_the_right():
    tree = surface("1 + local x = 2; x + 3")
    assert isinstance(tree.right, Local)
    assert shape(tree.right.body) == ("+", "x", 3.0)


def test_else_belongs_to_the_nearest_if():
    tree = surface("if a then if b then c else d")
    assert tree.otherwise is None
    assert isinstance(tree.then, If)
    assert tree.then.otherwise is not None


def test_super_forms():
    field = surface("{ a: [super.b, super['c'], 'd' in super] }").fields[0]
    first, second, third = field.body.elements
    assert (type(first), type(second), type(third)) == (SuperIndex, SuperIndex, InSuper)
    assert (first.index.value, second.index.value, third.name.value) == ("b", "c", "d")


def test_members():
    tree = surface("{ a: 1, b+:: 2, 'c':::3, [d]: 4, f(x, y=1): 5, local g = 6, assert 7 : 8 }")
    assert isinstance(tree, Object)
    a, b, c, d, f = tree.fields
    assert [field.visibility for field in (a, b, c)] == list(Visibility)
    assert [field.plus for field in (a, b, c, d, f)] == [False, True, False, False, False]
    assert isinstance(d.name, type(surface("d")))
    assert isinstance(f.body, Function)
    assert [(p.name, p.default is None) for p in f.body.params] == [("x", True), ("y", False)]
    assert [bind.name for bind in tree.locals] == ["g"]
    assert tree.asserts[0].message.value == 8.0


def test_comprehensions():
    tree = surface("[x for x in a if x for y in x]")
    assert isinstance(tree, ArrayComp)
    assert [type(spec) for spec in tree.specs] == [ForSpec, IfSpec, ForSpec]
    tree = surface("{ local a = 1, [x]+: a, local b = 2 for x in y }")
    assert isinstance(tree, ObjectComp)
    assert (tree.plus, [bind.name for bind in tree.locals]) == (True, ["a", "b"])


def test_calls():
    tree = surface("f(1, 2, a=3, b=4,) tailstrict")
    assert isinstance(tree, Apply)
    assert (len(tree.positional), [each.name for each in tree.named]) == (2, ["a", "b"])
    assert tree.tailstrict


@family(
    ("text", "bounds"),
    [
        ("a[1:2:3]", (1, 2, 3)),
        ("a[:]", (None, None, None)),
        ("a[::]", (None, None, None)),
        ("a[::3]", (None, None, 3)),
        ("a[1::3]", (1, None, 3)),
        ("a[:2]", (None, 2, None)),
        ("a[1:]", (1, None, None)),
        ("a[1: :3]", (1, None, 3)),
        ('a[":"]', (None, None, None)),
    ],
)
def test_slices(text, bounds):
    tree = surface(text)
    assert isinstance(tree, Slice)
    found = (tree.start, tree.end, tree.step)
    assert tuple(bound and bound.value for bound in found) == bounds


def test_an_escaped_colon_in_a_string_is_an_index():
    assert isinstance(surface(r'a["\u003a"]'), Index)


def test_assert_may_have_a_message():
    tree = surface("assert a : b; c")
    assert isinstance(tree, Assert)
    assert tree.message.name == "b"


@pytest.mark.parametrize(
    "text",
    [
        "local x = f(1, a=2), g(y) = y; { a: x[1:2], b: x.y['z'] { c: -1 } }",
        "{ [k]: [v for v in k if v] for k in ['a'] } + if a then b",
    ],
)
def test_spans_are_the_text_of_their_nodes(text):
    for node in walk_nodes(surface(text)):
        part = text[node.span.start : node.span.end]
        assert part == part.strip()
        assert part
        if isinstance(node, Literal) and isinstance(node.value, str):
            assert part.strip("'") == node.value
        if isinstance(node, (Local, If, Apply)):
            again = surface(part)
            assert type(again) is type(node)


@family(
    ("text", "message", "at"),
    [
        ("{ a: 1 b: 2 }", "expected `,` or `}` after the field, but found `b`", "b"),
        ("[1 2]", "expected `,` or `]` after the element, but found the number 2", "2"),
        ("f(1 2)", "expected `,` or `)` after the argument, but found the number 2", "2"),
        ("(1", "expected `)` to close the parenthesis, but found the end of the template", ""),
        ("{ if: 1 }", "expected a field, but found `if`", "if"),
        ("a.then", "expected a field's name after `.`, but found `then`", "then"),
        ("{ a = 1 }", "expected `:` after `a`, but found `=`", "="),
        ("{ a: 1, 'a': 2 }", "the field `a` is defined twice in this object", "'a'"),
        ("local x = 1 x", "expected `,` or `;` after the local variable, but found `x`", "x"),
        ("local x = 1, x = 2; x", "the local variable `x` is defined twice", "x"),
        ("f(a=1, 2)", "a positional argument cannot follow a named one", "2"),
        ("import 'a' + 'b'", "`import` needs a plain string, not an expression", "'a'"),
        ("import |||\n  a\n|||", "a text block cannot name a file to import", "|||"),
        ("1 = 2", "`=` is not a binary operator", "="),
        ("1 ==-1", "`=` is not a binary operator", "="),
        ("a[1:2:3:4]", "a slice has at most three parts", ":"),
        ("a[]", "an index is missing", "["),
        ("{ a: 1 for x in y }", "has a computed name", "for"),
        ("{ [x]: 1, assert true for x in y }", "cannot have assertions", "for"),
        ("{ [x]:: 1 for x in y }", "is written with `:`", "for"),
        ("{ a(x)+: 1 }", "`+:` cannot be used with a method", "a"),
        ("super", "expected `.` or `[` after `super`", ""),
        ("1 2", "expected the end of the template, but found the number 2", "2"),
        ("", "expected an expression, but found the end of the template", ""),
    ],
)
def test_errors_say_what_was_expected_where(text, message, at):
    error = refused(text)
    assert message in error.message
    assert where(error).startswith(at)


@family(
    ("text", "hint"),
    [
        ("1 ==-1", "put a space after `==`"),
        ("true&&!false", "put a space after `&&`"),
        ("{ a::-1 }", "put a space after `::`"),
        ("{ if: 1 }", '"if" in quotes'),
        ("import 'a'.b", "(import '…')"),
        ("1 = 2", "compare with `==`"),
        ("{ a = 1 }", "a field is `name: value`"),
    ],
)
def test_hints(text, hint):
    assert hint in refused(text).hint


@family("brackets", ["[]", "()", ("{ a: ", "}"), ("f(", ")"), ("a[", "]")])
def test_nesting_up_to_the_limit(brackets):
    opening, closing = brackets
    for count in (200, MAX_NESTING - 2):
        assert surface(opening * count + "1" + closing * count)


@family("bracket", ["[", "(", "{a:", "f(", "-(", "[1,", "if (", "a[", "{[", "1+("])
def test_more_nesting_is_refused(bracket):
    error = refused(bracket * 5_000)
    assert f"nested more than {MAX_NESTING} levels deep" in error.message


@family(
    ("part", "end"),
    [
        ("local x = 1; ", "1"),
        ("if true then 1 else ", "1"),
        ("assert true; ", "1"),
        ("1 + ", "1"),
        ("function(x) ", "1"),
        ("error ", "1"),
        ("!", "true"),
    ],
)
def test_long_chains_need_no_nesting(part, end):
    assert program(part * (MAX_NESTING + 100) + end)
    assert f"more than {MAX_HEIGHT} levels" in refused(part * (MAX_HEIGHT + 1) + end).message


def test_desugared_trees_of_the_greatest_height_can_be_walked():
    assert core("{}" + ".a" * (MAX_HEIGHT - 2))
    assert program("{}" + "{a: 1}" * 500)

"""Printed trees read back as the same template."""

from eventer.core.model import Template
from eventer.jsonnet.load import load
from tests.families import family
from tests.jsonnet_printer import print_tree
from tests.unit.jsonnet.corpus import ACCEPTED, LIBRARY
from tests.unit.jsonnet.front_end import core, surface

IMPORTS = tuple((path, text.encode()) for path, text in LIBRARY.items())


def digest(text):
    return load(Template(text, imports=IMPORTS)).digest


@family("text", ACCEPTED)
def test_printed_trees_mean_the_same(text):
    program = load(Template(text, imports=IMPORTS))
    for printed in {print_tree(tree) for tree in (surface(text), core(text), program.root)}:
        assert digest(printed) == program.digest
        assert print_tree(surface(printed)) == printed


@family(
    ("text", "printed"),
    [
        ("(1+2)*3", "(1 + 2) * 3"),
        ("1+(2*3)", "1 + (2 * 3)"),
        ("- -a", "--a"),
        ("(if a then b)+1", "(if a then b) + 1"),
        ("{'a':1,\"b c\":2,'if':3,[d]:4}", '{ a: 1, "b c": 2, "if": 3, [d]: 4 }'),
        ("a['b']['c d'][0]", 'a.b["c d"][0]'),
        (r"a['\u003a']", r'a["\u003a"]'),
        ("1['a']", '1["a"]'),
        ("a[:-1]", "a[ : -1 : ]"),
        ("{a(x):x}", "{ a: function(x) x }"),
        ("local f(x)=x;f(1,y=2)tailstrict", "local f = function(x) x; f(1, y = 2) tailstrict"),
        ("[1e3,0.1,1e21,1e999]", "[1000, 0.1, 1e+21, 1e999]"),
        ("{[k]+:v for k in a if k}", "{ [k]+: v for k in a if k }"),
        ("assert a:b;c", "assert a : b; c"),
        ("'a' in super", '"a" in super'),
        ("|||\n  a\n|||", '"a\\n"'),
    ],
)
def test_text(text, printed):
    assert print_tree(surface(text)) == printed


def test_only_needed_parentheses_of_core_trees():
    assert print_tree(core("((1)+((2)))*3-(4)")) == "(1 + 2) * 3 - 4"


def test_a_printed_branch_never_takes_the_else_of_another_if():
    tree = core("if a then (if b then c) else d")
    tree = tree.__class__(tree.span, tree.condition, surface("if b then c"), tree.otherwise)
    again = surface(print_tree(tree))
    assert again.otherwise is not None


def test_high_trees_are_printed():
    assert print_tree(surface("1" + "+1" * 2000)).count("+") == 2000

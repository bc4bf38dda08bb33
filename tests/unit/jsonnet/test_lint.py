"""Warnings: shared draws and choices with one item."""

from eventer.core.model import Template
from eventer.jsonnet.lint import LintNames, lint
from eventer.jsonnet.load import load
from tests.families import family

NAMES = LintNames(drawing=frozenset(["draw", "pick"]), choosing=frozenset(["pick"]))
HEAD = "local draw = std.native('draw'); local pick = std.native('pick');\n"


def warnings(text, imports=()):
    return lint(load(Template(HEAD + text, imports=imports)), NAMES)


@family(
    "text",
    [
        "local x = { a: draw() }; [x for i in [1, 2]]",
        "local x = draw(); [x for i in [1, 2]]",
        "local f() = draw(), x = { a: f() }; [x, x]",
        "local x = draw(), y = { a: { b: x } }; [y for i in [1]]",
        "local x = draw(), y = x; [if i == 1 then y else null for i in [1]]",
        "local x = draw(); std.makeArray(3, function(i) x)",
        "local x = draw(); std.map(function(i) local j = i; x, [1, 2])",
        "local x = { a: draw() }; std.repeat([x], 3)",
        "{ local x = draw(), a: [x for i in [1, 2]] }",
        "local d = draw; local x = d(); [x, x]",
        "local x = std.native('draw')(); [x, x]",
    ],
)
def test_shared_draws(text):
    (warning,) = warnings(text)
    assert "is drawn once" in warning.message
    assert (warning.place.line, "()" in warning.hint) == (2, True)
    assert warning.place.source_line[warning.place.column - 1] in "xy"


@family(
    "text",
    [
        "local x = { a: 1 }; [x for i in [1, 2]]",
        "local x() = draw(); [x() for i in [1, 2]]",
        "local x() = draw(); [x for i in [1, 2]]",
        "local x = { a: draw() }; [x { b: i } for i in [1, 2]]",
        "[local x = draw(); x for i in [1, 2]]",
        "local x = draw(), y = draw(); [x, y]",
        "local x = draw(); [x for x in [1, 2]]",
        "local x = draw(); [{ customer: x } for i in [1, 2]]",
        "[draw, draw]",
        "draw()",
        "local std = { native(x):: function() 1 }, d = std.native('draw'), x = d(); [x, x]",
        "local d = draw(); local e = 1; [e, e]",
    ],
)
def test_no_warning(text):
    assert warnings(text) == ()


@family("items", ["a", " a ", "a,", ", a"])
def test_choices_with_one_item(items):
    (warning,) = warnings(f"pick({items!r})")
    assert "one item" in warning.message
    assert warning.place.source_line[warning.place.column - 1] == "'"


@family("arguments", ["'a, b'", "'a b'", "['a']", "x", "''", "1", "", "'a' + ',b'"])
def test_choices_with_more_or_unknown_items(arguments):
    assert warnings(f"local x = 'a'; pick({arguments})") == ()


def test_imported_files_are_linted():
    library = (HEAD + "pick('a')").encode()
    (warning,) = warnings("import 'lib'", (("lib", library),))
    assert warning.place.name == "lib"


def test_warnings_come_in_the_order_of_their_places():
    found = warnings("local x = draw();\n[pick('a'), [x, x],\npick('b')]")
    assert [each.place.line for each in found] == [3, 3, 4]


def test_cycles_of_locals_end():
    assert warnings("local x = y, y = x; [x for i in [1]]") == ()

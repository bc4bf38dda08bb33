"""Completion: what is suggested at the end of a text."""

from eventer.service.complete_template import complete_template
from tests.families import family

ALIASES = "local data = std.native('get_rand_data'), int = std.native('get_integer');\n"


def labels(text):
    return [each.label for each in complete_template(text, len(text)).suggestions]


@family(
    ("text", "first"),
    [
        ("{ id: std.parse", "parseHex"),
        ("{ id: std.native('get_ins", "get_instance_id"),
        ('{ id: std.native("get_int', "get_integer"),
        (f"{ALIASES}{{ a: data().em", "email"),
        (f"{ALIASES}local d = data(); {{ a: d.la", "last_name"),
        ("{ a: std.native('get_rand_data')().la", "last_name"),
        ("local d = std.native('get_rand_data')(); { a: d.la", "last_name"),
        ("{ first: 1, 'second': self.f", "first"),
        ("{ first: 1, 'second': 2, x: self.s", "second"),
        ("local price(amount, tax=1) = am", "amount"),
        ("[item for item in [1, 2] if it", "item"),
        (f"{ALIASES}{{ a: i", "if"),
        ("{ a: // comment\n  th", "then"),
        ("{ a: get_one", "get_one_of"),
    ],
)
def test_the_first_suggestion(text, first):
    assert labels(text)[0] == first


@family("text", ["// loc", "# loc", "/* loc", "{ a: 'loc", '{ a: "loc', "|||\n loc"])
def test_nothing_is_suggested_in_comments_and_texts(text):
    assert labels(text) == []


def test_suggestions_go_on_after_a_comment_or_a_text():
    assert "local" in labels("/* x */ loc")
    assert "local" in labels("'it\\'s' loc")
    assert "local" in labels("|||\n  text\n||| + loc")


def test_a_variable_bound_to_a_function_has_its_signature_and_description():
    (found,) = [
        s for s in complete_template(f"{ALIASES}{{a: in", 999).suggestions if s.label == "int"
    ]
    assert found.kind == "function"
    assert found.detail == "(lo, hi): integer"
    assert found.description
    assert found.insert == "int"


def test_a_function_that_is_not_bound_is_inserted_as_a_call_of_native():
    found = complete_template("{ a: get_integ", 14)
    assert found.start == 5
    assert found.suggestions[0].insert == "std.native('get_integer')"


def test_the_text_after_the_offset_is_used_for_names():
    text = "{ a: self.se, second: 1 }"
    assert [s.label for s in complete_template(text, 12).suggestions] == ["second"]


@family(
    "text",
    ["a" * 60_000, "a " * 30_000, "function(" * 6_000, "a=" * 30_000, "local f(" + "a=" * 30_000],
)
def test_hostile_text_is_completed(text):
    complete_template(text, len(text))

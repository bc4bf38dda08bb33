"""Token borders, values of literals, and places of errors."""

import pytest

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source
from eventer.jsonnet import lexer
from eventer.jsonnet.lexer import TokenKind, lex
from tests.families import family
from tests.unit.jsonnet.front_end import where


def texts(text):
    return [token.text for token in lex(Source("t", text))[:-1]]


def value(text):
    token, end = lex(Source("t", text))
    assert end.kind is TokenKind.END
    return token.value


def error(text):
    with pytest.raises(TemplateSyntaxError) as caught:
        lex(Source("t", text))
    return caught.value


@family(
    ("text", "tokens"),
    [
        ("a+:b", ["a", "+:", "b"]),
        ("a + : b", ["a", "+", ":", "b"]),
        ("x[::2]", ["x", "[", "::", "2", "]"]),
        ("1 ==-1", ["1", "=", "=", "-", "1"]),
        ("2*-1", ["2", "*", "-", "1"]),
        ("--1", ["-", "-", "1"]),
        ("a<=!b", ["a", "<", "=", "!", "b"]),
        ("$.a", ["$", ".", "a"]),
        ("$==1", ["$==", "1"]),
        ("$||1", ["$", "||", "1"]),
        ("$/2", ["$", "/", "2"]),
        ("a+//c\nb", ["a", "+", "b"]),
        ("a+/*c*/b", ["a", "+", "b"]),
        ("a/**/b", ["a", "b"]),
        ("a # b\n/* c */ d // e", ["a", "d"]),
        ("08", ["0", "8"]),
        ("1.5.x", ["1.5", ".", "x"]),
        ("1e3e", ["1e3", "e"]),
        ("importstr import_ _1", ["importstr", "import_", "_1"]),
        ('@"a""b"c', ['@"a""b"', "c"]),
    ],
)
def test_token_boundaries(text, tokens):
    assert texts(text) == tokens


def test_kinds():
    kinds = [token.kind for token in lex(Source("t", "x if 1 'a' + { $ \"b\" ||| \n  t\n|||"))]
    assert kinds == [
        *(
            TokenKind.NAME,
            TokenKind.KEYWORD,
            TokenKind.NUMBER,
            TokenKind.STRING,
            TokenKind.OPERATOR,
            TokenKind.SYMBOL,
            TokenKind.KEYWORD,
        ),
        *(TokenKind.STRING, TokenKind.STRING, TokenKind.END),
    ]


@family(
    ("text", "number"),
    [
        ("0", 0.0),
        ("1_000", 1000.0),
        ("1_2.3_4e5_6", 12.34e56),
        ("1E+2", 100.0),
        ("0.1", 0.1),
        ("9007199254740993", 9007199254740992.0),
        ("1e-999", 0.0),
    ],
)
def test_numbers(text, number):
    assert value(text) == number


@family(
    ("text", "string"),
    [
        (r'"a\"\'\\\/\b\f\n\r\t"', "a\"'\\/\b\f\n\r\t"),
        (r"'\u00e9\u00E9'", "éé"),
        (r"'\ud83d\ude00'", "😀"),
        (r"'\ud83d\u0041'", "\ufffd"),
        ("'a\nb'", "a\nb"),
        ('@"a\\n""b"', 'a\\n"b'),
        ("@'it''s'", "it's"),
        ("|||\n  a\n   b\n\n  c\n|||", "a\n b\n\nc\n"),
        ("|||-\n  a\n|||", "a"),
        ("|||-\n  a\n\n|||", "a\n"),
        ("|||\n\n\n  a\n  |||\n |||", "\n\na\n|||\n"),
        ("|||\t\r\n\ta\r\n|||", "a\r\n"),
        ("|||\n  \\n\n|||", "\\n\n"),
    ],
)
def test_strings(text, string):
    assert value(text) == string


@family(
    ("text", "message", "at"),
    [
        ("1 + 'abc", "this string has no closing quote", "'abc"),
        ('{a: "x\\qy"}', r"there is no escape \q", r"\q"),
        (r"'\u12'", r"four hexadecimal digits must follow \u", r"\u12"),
        (r"'a\ud800b'", r"\ud800 is an unpaired surrogate", r"\ud800"),
        ("1__0", "`_` in a number must be between two digits", "1_"),
        ("0_1", "it may not follow a leading 0", "0_"),
        ("1.x", "a number cannot end in a decimal point", "1."),
        ("1ex", "exponent of this number has no digits", "1e"),
        ("/* a", "this comment has no closing `*/`", "/*"),
        ("||| x", "a text block must start with `|||` and a newline", "|||"),
        ("|||\nx\n|||", "the first line of a text block must be indented", "|||"),
        ("@x", "`@` starts a verbatim string", "@"),
        ("a ? b", "unexpected character '?' (U+003F)", "?"),
        ("\ufeff1", "unexpected character '\\ufeff' (U+FEFF)", "\ufeff"),
    ],
)
def test_errors_point_at_the_fault(text, message, at):
    found = error(text)
    assert message in found.message
    assert where(found) == at


def test_an_open_text_block_points_at_the_line_that_breaks_it():
    found = error("{\n  a: |||\n    x\n  y\n|||,\n}")
    assert (found.place.line, found.place.source_line) == (4, "  y")
    assert "line 2" in found.message


@pytest.mark.parametrize("text", ["|||\r\n  a\r\n\r\n  b\r\n|||", "|||\r\n\r\n  a\r\n|||"])
def test_a_blank_line_with_crlf_in_a_text_block_is_named(text):
    assert error(text).hint == "this line ends with CRLF: save the file with LF line endings"


def test_a_lone_surrogate_in_the_text_is_refused():
    assert "U+D800" in error("'a\ud800'").message


def test_more_tokens_than_any_template_has_are_refused(monkeypatch):
    assert lexer.MAX_TOKENS == 250_000
    monkeypatch.setattr(lexer, "MAX_TOKENS", 1000)
    assert len(texts("," * 999)) == 999
    assert "more than 1000 tokens" in error("," * 1001).message


def test_spans_cover_the_text():
    text = "local x = 'ä😀' + 1.5; # c\n{ a: x }"
    for token in lex(Source("t", text))[:-1]:
        assert text[token.start : token.end] == token.text


def test_a_long_run_of_operators_is_read_in_one_go():
    tokens = lex(Source("t", "-" * 20_000 + "1"))
    assert len(tokens) == 20_002

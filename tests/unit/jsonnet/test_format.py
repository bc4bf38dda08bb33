"""The usual form of templates. `tests/property/test_format.py` shows that the meaning stays."""

import pytest

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source
from eventer.jsonnet.format.formatter import format_source
from tests.families import family


def formatted(text):
    return format_source(Source("template", text))


@family(
    ("text", "expected"),
    [
        ("{}", "{}"),
        ("{ \n\n }", "{}"),
        ('{"a":"x","b-c" :: \'it\', "if":1,}', "{ a: 'x', 'b-c':: 'it', 'if': 1 }"),
        (r"""["it's", "a \" \\\" \n"]""", r"""["it's", 'a " \\" \n']"""),
        ("[ 1,2 , ]", "[1, 2]"),
        ("f( 1,x = 2 )[ 0 ] . a [1 : : 2]", "f(1, x=2)[0].a[1::2]"),
        ("1+-2 *!x", "1 + -2 * !x"),
        ("function( x ,y=1 )-x", "function(x, y=1) -x"),
        ("{f (x) ::x,[k]+: {local y=2,assert x>1:'m',}}",
         "{ f(x):: x, [k]+: { local y = 2, assert x > 1 : 'm' } }"),
        ("local a=1,b=2;assert a>b:'m';a{b:b}",
         "local a = 1, b = 2; assert a > b : 'm'; a { b: b }"),
        ("[x for x in xs if(x>1)]", "[x for x in xs if (x > 1)]"),
        ("1 .a", "1 .a"),
        ("""a["b"]['c d']["if"][ 'e' ](1)[/* f */ "g"]""", "a.b['c d']['if'].e(1)[ /* f */ 'g']"),
        ("#!script\n# one\n1 /* two */ + 2 # three", "#!script\n// one\n1 /* two */ + 2  // three"),
    ],
)  # fmt: skip
def test_one_line(text, expected):
    assert formatted(text) == expected + "\n"


@family(
    ("text", "expected"),
    [
        ("{a: 1, // one\n b: 2 // two\n}", "{\n  a: 1,  // one\n  b: 2,  // two\n}"),
        ("{ a: 1\n , b: [\n1,2], c: f(\n1,\n2)}",
         "{\n  a: 1,\n  b: [\n    1,\n    2,\n  ],\n  c: f(\n    1,\n    2\n  ),\n}"),
        ("[x\nfor x in xs\nif x]", "[\n  x\n  for x in xs\n  if x\n]"),
        ("local a =\nif b then\n1\nelse if c then\n2\nelse\n3;\n\n\n\n\na",
         "local a =\n  if b then\n    1\n  else if c then\n    2\n  else\n    3;\n\n\na"),
        ("{\na: local x = 1;\nx +\ny,\n}", "{\n  a: local x = 1;\n    x +\n    y,\n}"),
        ("a +\nb", "a +\nb"),
        ("f(function(x)\nx,\n{ a: 1,\n})", "f(function(x)\n  x,\n  {\n    a: 1,\n  })"),
        ("f({\na: 1,\n}, [\n1])", "f({\n  a: 1,\n}, [\n  1,\n])"),
        ("{\n a: |||\n        x\n          y\n\n        z\n      |||\n}",
         "{\n  a: |||\n    x\n      y\n\n    z\n  |||,\n}"),
        ("{\n\n // first\n a: 1,\n // last\n\n}", "{\n  // first\n  a: 1,\n  // last\n\n}"),
        ("local\na = 1,\nb = 2;\na", "local\n  a = 1,\n  b = 2;\na"),
        ("a\n.b(c)\n.d", "a\n  .b(c)\n  .d"),
    ],
)  # fmt: skip
def test_several_lines(text, expected):
    assert formatted(text) == expected + "\n"
    assert formatted(expected) == expected + "\n"


def test_a_text_that_is_not_jsonnet_is_refused_at_its_place():
    with pytest.raises(TemplateSyntaxError) as raised:
        formatted("{\n  a: }")
    assert (raised.value.place.line, raised.value.place.column) == (2, 6)

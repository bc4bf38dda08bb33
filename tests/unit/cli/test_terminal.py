import re
from io import StringIO

from eventer.cli.terminal import colorize, supports_color, table
from eventer.core.error_text import format_error
from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Place
from tests.families import family


class Terminal(StringIO):
    def isatty(self):
        return True


@family(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_only_terminals_get_colours(stream, environ, coloured):
    assert bool(supports_color(stream, environ)) == coloured


def test_colorize_adds_colours_and_changes_nothing_else():
    place = Place("t", 12, 3, 12, 6, "  foo: | bar ^^^")
    text = format_error(TemplateSyntaxError("no 1 | 2", place, hint="do ^"))
    painted = colorize(text)
    assert re.sub(r"\x1b\[\d+m", "", painted) == text
    assert "\x1b[1m\x1b[31merror:\x1b[0m" in painted
    assert "\x1b[31m^^^\x1b[0m do ^" in painted


def test_tables_are_aligned_and_dashes_stand_for_nothing():
    assert table(("A", "BB"), [("x", None), ("yyy", 1.5), ("", "a\nb")]) == (
        "A    BB\nx    -\nyyy  1.5\n-    a b"
    )

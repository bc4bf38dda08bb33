"""The text of a template in the style of jsonnetfmt: `format_source` calls the stages."""

from __future__ import annotations

from eventer.core.source import Source
from eventer.jsonnet.format.layout import layout
from eventer.jsonnet.format.pieces import pieces_of
from eventer.jsonnet.format.rewrites import rewrite
from eventer.jsonnet.format.structure import find_structure
from eventer.jsonnet.parser import parse


def format_source(source: Source) -> str:
    """The formatted text, which means the same and has the same comments.

    Two spaces indent, strings have single quotes, field names no quotes. An array or object is on
    one line, or has each element on a line and a comma after the last. Other lines end where they
    do in the source. Formatting the result again does not change it.

    Raises:
        TemplateSyntaxError: the text is not valid Jsonnet.
    """
    parse(source)
    pieces = pieces_of(source)
    find_structure(pieces)
    return layout(rewrite(pieces))

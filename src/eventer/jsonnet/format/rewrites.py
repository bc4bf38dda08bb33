"""What changes in tokens: quotes, quoted field names, commas, and where lines begin.

None of it changes what a template means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from eventer.jsonnet.format.pieces import Piece, Role
from eventer.jsonnet.lexer import KEYWORDS, TokenKind

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPE: Final = re.compile(r"\\([\s\S])")


def rewrite(pieces: Sequence[Piece]) -> list[Piece]:
    """The tokens as they will be written. Changes them."""
    _move_trivia_behind_separators(pieces)
    for piece in pieces:
        if piece.kind is TokenKind.STRING:
            piece.text = _single_quoted(piece.text)
        if piece.role is Role.OPEN and piece.text == "{":
            _bare_field_names(piece)
    return _with_usual_lists(pieces)


def _move_trivia_behind_separators(pieces: Sequence[Piece]) -> None:
    """A separator stands right behind its element, before the comments and line ends."""
    for piece, after in pairwise(pieces):
        if piece.role in (Role.COMMA, Role.SEMICOLON):
            after.take_trivia(piece)


def _single_quoted(text: str) -> str:
    """A string in single quotes, unless it contains one."""
    if not text.startswith('"') or "'" in text:
        return text
    inner = _ESCAPE.sub(lambda match: '"' if match[1] == '"' else match[0], text[1:-1])
    return f"'{inner}'"


def _bare_field_names(opening: Piece) -> None:
    """Field names need quotes only if they are not names."""
    assert opening.bracket is not None
    for piece in opening.bracket.elements:
        inner = piece.text[1:-1]
        if piece.kind is TokenKind.STRING and _NAME.fullmatch(inner) and inner not in KEYWORDS:
            piece.kind, piece.text = TokenKind.NAME, inner


def _with_usual_lists(pieces: Sequence[Piece]) -> list[Piece]:
    """Elements of an array or object stand on one line, or each on its own, with a comma."""
    result: list[Piece] = []
    for piece in pieces:
        if piece.role is Role.CLOSE and piece.bracket is not None and piece.bracket.is_list:
            _close_list(result, piece)
        result.append(piece)
    return result


def _close_list(result: list[Piece], closing: Piece) -> None:
    bracket = closing.bracket
    assert bracket is not None
    if not bracket.elements:
        if not closing.comments:
            closing.newlines = 0
        return
    members = [*bracket.elements, closing]
    for each in (members[0], closing):
        each.drop_blank_lines()
    is_broken = any(each.has_newline for each in (*members, *bracket.clauses))
    if bracket.clauses:
        has_lines = any(each.has_newline for each in bracket.clauses)
        members += bracket.clauses if has_lines else ()
    else:
        _set_last_comma(result, wanted=is_broken)
    for each in members if is_broken else ():
        each.begin_line()


def _set_last_comma(result: list[Piece], *, wanted: bool) -> None:
    """Adds or removes the comma after the last element."""
    has_comma = result[-1].role is Role.COMMA
    if wanted and not has_comma:
        result.append(Piece(TokenKind.SYMBOL, ",", role=Role.COMMA))
    elif has_comma and not wanted:
        result.pop()

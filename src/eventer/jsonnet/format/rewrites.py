"""What changes in tokens: quotes, quoted names of fields, commas, and where lines begin.

None of it changes what a template means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from eventer.jsonnet.format.pieces import Bracket, Piece, Role
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
    return _with_usual_lists(_with_dots(pieces))


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
        if _is_quoted_name(piece):
            _remove_quotes(piece)


def _is_quoted_name(piece: Piece) -> bool:
    inner = piece.text[1:-1]
    is_name = _NAME.fullmatch(inner) is not None and inner not in KEYWORDS
    return piece.kind is TokenKind.STRING and is_name


def _remove_quotes(piece: Piece) -> None:
    piece.kind, piece.text = TokenKind.NAME, piece.text[1:-1]


def _with_dots(pieces: Sequence[Piece]) -> list[Piece]:
    """The tokens with `a.b` in place of `a['b']`."""
    result: list[Piece] = []
    for piece in pieces:
        result.append(piece)
        if piece.role is Role.CLOSE and _is_named_index(result[-3:]):
            opening, name, _ = result[-3:]
            opening.text, opening.role, opening.bracket = ".", Role.DOT, None
            _remove_quotes(name)
            name.newlines = 0
            result.pop()
    return result


def _is_named_index(last: Sequence[Piece]) -> bool:
    """Whether the last three tokens are an index by a name, without comments."""
    if len(last) < 3 or last[0].bracket is None or last[0].bracket is not last[2].bracket:
        return False
    opening, name, closing = last
    is_index = opening.text == "[" and last[0].bracket.is_attached and _is_quoted_name(name)
    return is_index and not name.comments and not closing.comments


def _with_usual_lists(pieces: Sequence[Piece]) -> list[Piece]:
    """Elements of an array or object stand on one line, or each on its own, with a comma."""
    result: list[Piece] = []
    for piece in pieces:
        bracket = piece.bracket if piece.role is Role.CLOSE else None
        if bracket is not None and bracket.is_list:
            _close_list(result, piece)
        elif bracket is not None and bracket.is_attached:
            _close_call(bracket, piece)
        result.append(piece)
    return result


def _close_call(bracket: Bracket, closing: Piece) -> None:
    """If the first argument begins a line, the bracket after the last one does, too."""
    if bracket.elements and bracket.elements[0].has_newline:
        closing.begin_line()


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

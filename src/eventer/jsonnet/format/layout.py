"""Writes tokens with the usual spaces and indentation; line ends stay where they are.

A line that continues an expression is indented by two more than the line on which the innermost
unfinished form began: a bracket, a binding, a field, an `if`, a `function`. So the result depends
on tokens and line ends only, and formatting it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from eventer.jsonnet.format.pieces import Piece, Role
from eventer.jsonnet.format.structure import is_clause
from eventer.jsonnet.lexer import TokenKind

_STEP: Final = 2
_MOST_NEWLINES: Final = 3
"""Two blank lines."""
_NO_SPACE_AFTER: Final = frozenset({Role.DOT, Role.UNARY, Role.NAMED_ARGUMENT, Role.SLICE_COLON})
_NO_SPACE_BEFORE: Final = (_NO_SPACE_AFTER - {Role.UNARY}) | {
    Role.COMMA,
    Role.SEMICOLON,
    Role.FIELD_COLON,
}
_BLOCK_START: Final = re.compile(r"\|\|\|-?[ \t\r]*\n")


class _Form(NamedTuple):
    """An unfinished form, and the indentation that its parts are indented from."""

    kind: str
    indent: int


@dataclass(slots=True)
class _Scope:
    """The inside of a bracket. `outer` is the indentation of the line on which it began.

    `resumed` is the indentation of the expression after a `;`.
    """

    outer: int
    inner: int
    forms: list[_Form] = field(default_factory=list)
    resumed: int | None = None

    def end_forms(self, *kinds: str) -> _Form:
        """Ends the forms inside the innermost one of these kinds, and returns that."""
        while self.forms[-1].kind not in kinds:
            self.forms.pop()
        return self.forms[-1]


def layout(pieces: Sequence[Piece]) -> str:
    """The text of the tokens."""
    writer = _Writer()
    for piece in pieces:
        writer.write(piece)
    return "".join(writer.parts)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._before: Piece | None = None
        self._indent = 0  # of the line
        self._scopes = [_Scope(0, 0)]

    def write(self, piece: Piece) -> None:
        """Writes a token and the comments before it."""
        if piece.kind is TokenKind.END:
            self._write_comments(piece, 0)
            self.parts.append("\n")
            return
        indent = self._indentation(piece)
        is_closing = piece.role is Role.CLOSE
        self._write_comments(piece, self._scopes[-1].inner if is_closing else indent)
        if piece.newlines and self.parts:
            self._begin_line(piece.newlines, indent)
        elif piece.comments:
            self.parts.append(" ")
        elif self._before is not None:
            self.parts.append(_space(self._before, piece))
        self.parts.append(self._text(piece))
        self._begin_form(piece, indent)
        self._before = piece

    def _write_comments(self, piece: Piece, indent: int) -> None:
        for comment in piece.comments:
            if self.parts and comment.newlines:
                self._begin_line(comment.newlines, indent)
            elif self.parts:
                self.parts.append("  " if comment.ends_line else " ")
            self.parts.append(comment.text)

    def _begin_line(self, newlines: int, indent: int) -> None:
        self.parts.append("\n" * min(newlines, _MOST_NEWLINES) + " " * indent)
        self._indent = indent

    def _indentation(self, piece: Piece) -> int:
        """The indentation of a token if it begins a line. Ends the forms that end before it."""
        scope, before = self._scopes[-1], self._before
        resumed, scope.resumed = scope.resumed, None
        if piece.role is Role.CLOSE:
            return scope.outer
        if piece.begins_element:
            scope.forms = [_Form("element", scope.inner)]
            return scope.inner
        if resumed is not None:
            return resumed
        if piece.kind is TokenKind.KEYWORD and piece.text in ("then", "else"):
            return scope.end_forms("if").indent
        if is_clause(piece, before):
            return scope.end_forms("element").indent
        if before is not None and before.role is Role.COMMA:
            return scope.end_forms("local").indent + _STEP
        kind, indent = scope.forms[-1]
        is_operation = Role.BINARY in (piece.role, before and before.role)
        return indent if kind == "element" and is_operation else indent + _STEP

    def _begin_form(self, piece: Piece, indent: int) -> None:
        """Notes what a token begins or ends for the lines after it."""
        scope = self._scopes[-1]
        match piece.role:
            case Role.OPEN:
                self._scopes.append(_Scope(self._indent, self._indent + _STEP))
            case Role.CLOSE:
                self._scopes.pop()
            case Role.SEMICOLON:
                scope.resumed = scope.end_forms("local", "assert").indent
                scope.forms.pop()
            case Role.FIELD_COLON | Role.BINDING | Role.NAMED_ARGUMENT:
                scope.forms.append(_Form("value", self._indent))
            case Role.WORD if piece.kind is TokenKind.KEYWORD:
                self._begin_keyword_form(piece, indent)

    def _begin_keyword_form(self, piece: Piece, indent: int) -> None:
        forms = self._scopes[-1].forms
        match piece.text:
            case "local" | "assert":
                forms.append(_Form(piece.text, indent))
            case "if" if is_clause(piece, self._before):
                forms.append(_Form("clause", self._indent))
            case "if" | "function" | "for":
                forms.append(_Form(piece.text, self._indent))
            case "else":
                forms[-1] = _Form("else", forms[-1].indent)

    def _text(self, piece: Piece) -> str:
        if piece.kind is TokenKind.STRING and piece.text.startswith("|"):
            return _text_block(piece.text, self._indent)
        return piece.text


def _space(before: Piece, piece: Piece) -> str:
    """What stands between two tokens of a line."""
    if before.role is Role.OPEN or piece.role is Role.CLOSE:
        is_empty = before.role is Role.OPEN and piece.role is Role.CLOSE
        is_object = before.text == "{" if before.role is Role.OPEN else piece.text == "}"
        return " " if is_object and not is_empty else ""
    if before.kind is TokenKind.NUMBER and piece.role is Role.DOT:
        return " "
    opens = piece.bracket if piece.role is Role.OPEN else None
    is_attached = opens is not None and opens.is_attached
    if is_attached or piece.role in _NO_SPACE_BEFORE or before.role in _NO_SPACE_AFTER:
        return ""
    return " "


def _text_block(text: str, indent: int) -> str:
    """A text block whose end is indented like the line on which it begins, and its text by more."""
    start = _BLOCK_START.match(text)
    assert start is not None
    *lines, _ = text[start.end() :].split("\n")
    first = next(line for line in lines if line)
    own = len(first) - len(first.lstrip(" \t"))
    moved = (line and " " * (indent + _STEP) + line[own:] for line in lines)
    return "\n".join([start.group().rstrip(), *moved, " " * indent + "|||"])

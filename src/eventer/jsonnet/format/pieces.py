"""Tokens with the comments and line ends before them, which the lexer leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from eventer.core.source import Source
from eventer.jsonnet.lexer import Token, TokenKind, lex

_TRIVIA: Final = re.compile(
    r"(?P<newline>\n)|(?P<line>(?:\#|//)[^\n]*)|(?P<block>/\*[\s\S]*?\*/)|[ \t\r]+"
)


class Role(Enum):
    """What a token is to its neighbours; `structure.py` finds it out."""

    WORD = auto()
    UNARY = auto()
    BINARY = auto()
    DOT = auto()
    COMMA = auto()
    SEMICOLON = auto()
    FIELD_COLON = auto()
    SLICE_COLON = auto()
    ASSERT_COLON = auto()
    BINDING = auto()
    NAMED_ARGUMENT = auto()
    OPEN = auto()
    CLOSE = auto()


@dataclass(slots=True)
class Comment:
    """A comment, and the number of line ends before it; 0 is on the line of the token before."""

    text: str
    newlines: int

    @property
    def ends_line(self) -> bool:
        """Whether a line end must follow."""
        return not self.text.startswith("/*")


@dataclass(slots=True)
class Bracket:
    """A pair of brackets.

    `is_list` says that it is an array or an object; `is_attached`, that it calls or indexes what
    stands before it, or holds parameters; `is_parameters`, that it holds those of a `function`.
    `elements` are the first tokens of its elements; `clauses`, those of the clauses of a
    comprehension.
    """

    is_list: bool = False
    is_attached: bool = False
    is_parameters: bool = False
    elements: list[Piece] = field(default_factory=list)
    clauses: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Piece:
    """A token. `newlines` is the number of line ends after the last of `comments`.

    `bracket` is that of an opening or closing token. `begins_element` says that it is the first
    token of an element of the bracket around it.
    """

    kind: TokenKind
    text: str
    comments: list[Comment] = field(default_factory=list)
    newlines: int = 0
    role: Role = Role.WORD
    bracket: Bracket | None = None
    begins_element: bool = False

    @property
    def has_newline(self) -> bool:
        """Whether it, or a comment before it, begins a line."""
        return self.newlines > 0 or any(comment.newlines for comment in self.comments)

    def begin_line(self) -> None:
        """Puts it and the comments before it on lines of their own."""
        if self.has_newline:
            return
        if self.comments:
            self.comments[0].newlines = 1
        else:
            self.newlines = 1

    def drop_blank_lines(self) -> None:
        """Removes the blank lines before it and the comments before it."""
        if self.comments:
            self.comments[0].newlines = min(self.comments[0].newlines, 1)
        else:
            self.newlines = min(self.newlines, 1)

    def take_trivia(self, earlier: Piece) -> None:
        """Puts the comments and line ends before another token before the own ones."""
        if self.comments:
            self.comments[0].newlines = max(self.comments[0].newlines, earlier.newlines)
        else:
            self.newlines = max(self.newlines, earlier.newlines)
        self.comments = earlier.comments + self.comments
        earlier.comments, earlier.newlines = [], 0


def pieces_of(source: Source) -> list[Piece]:
    """The tokens of a text; the last one is END.

    Raises:
        TemplateSyntaxError: see `lex`.
    """
    return list(_pieces(source.text, lex(source)))


def _pieces(text: str, tokens: list[Token]) -> Iterator[Piece]:
    at = 0
    for token in tokens:
        piece = Piece(token.kind, token.text)
        for match in _TRIVIA.finditer(text, at, token.start):
            if match.lastgroup == "newline":
                piece.newlines += 1
            elif match.lastgroup is not None:
                comment = _comment(match.group(), at_start=match.start() == 0)
                piece.comments.append(Comment(comment, piece.newlines))
                piece.newlines = 0
        at = token.end
        yield piece


def _comment(text: str, *, at_start: bool) -> str:
    """A comment in the usual form: `//` in place of `#`, but for the first line of a script."""
    if text.startswith("#") and not (at_start and text.startswith("#!")):
        text = f"//{text[1:]}"
    return text.rstrip()

"""The tokens as the parser reads them: look, take, expect, and report what was expected."""

from __future__ import annotations

from typing import Final

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source, Span
from eventer.jsonnet.lexer import Token, TokenKind, lex

MAX_NESTING: Final = 500
"""The deepest nesting of brackets and operands."""


class TokenStream:
    """A text's tokens with a position in them, and the depth of nesting reached."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._tokens = lex(source)
        self._position = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token that `take` would take."""
        return self._tokens[self._position]

    @property
    def after_next(self) -> Token:
        """The token after the next one (END again at the end)."""
        return self._tokens[min(self._position + 1, len(self._tokens) - 1)]

    @property
    def last(self) -> Token:
        """The token taken last."""
        return self._tokens[self._position - 1]

    def take(self) -> Token:
        """Takes the next token; END can be taken again and again."""
        token = self._tokens[self._position]
        if token.kind is not TokenKind.END:
            self._position += 1
        return token

    def next_is(self, text: str) -> bool:
        """Whether the next token is this operator, keyword or symbol."""
        return self._tokens[self._position].text == text

    def take_if(self, text: str) -> bool:
        """Takes the next token if it is this operator, keyword or symbol."""
        found = self.next_is(text)
        self._position += found
        return found

    def expect(self, text: str, where: str) -> Token:
        """Takes this operator, keyword or symbol.

        Raises:
            TemplateSyntaxError: the next token is another one.
        """
        if not self.next_is(text):
            raise self.unexpected(f"`{text}` {where}")
        return self.take()

    def expect_name(self, what: str) -> Token:
        """Takes a name; keywords are not names.

        Raises:
            TemplateSyntaxError: the next token is another one.
        """
        token = self.next
        if token.kind is TokenKind.NAME:
            return self.take()
        hint = None
        if token.kind is TokenKind.KEYWORD and token.text != "$":
            hint = f"`{token.text}` is a keyword"
            if what.startswith("a field"):
                hint += f': write "{token.text}" in quotes, and ["{token.text}"] to read it'
        raise self.unexpected(what, hint=hint)

    def unexpected(self, expected: str, *, hint: str | None = None) -> TemplateSyntaxError:
        """The error for a next token that is not `expected`."""
        return TemplateSyntaxError(
            f"expected {expected}, but found {describe_token(self.next)}",
            self.span_of(self.next),
            hint=hint,
        )

    def error(self, message: str, token: Token, *, hint: str | None = None) -> TemplateSyntaxError:
        """An error at a token."""
        return TemplateSyntaxError(message, self.span_of(token), hint=hint)

    def span_of(self, token: Token) -> Span:
        """The place of a token."""
        return Span(self.source, token.start, token.end)

    def span_from(self, start: int) -> Span:
        """From a character to the end of the token taken last."""
        return Span(self.source, start, self.last.end)

    def enter(self) -> None:
        """Goes one level deeper.

        Raises:
            TemplateSyntaxError: the nesting is too deep.
        """
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self.error(
                f"expressions are nested more than {MAX_NESTING} levels deep",
                self.next,
                hint="name inner parts with `local`",
            )

    def leave(self) -> None:
        """Comes back one level."""
        self._depth -= 1


def describe_token(token: Token) -> str:
    """A token in the words of error messages."""
    if token.kind is TokenKind.END:
        return "the end of the template"
    if token.kind is TokenKind.STRING:
        return "a string"
    if token.kind is TokenKind.NUMBER:
        return f"the number {token.text}"
    return f"`{token.text}`"

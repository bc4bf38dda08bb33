"""Forms that begin with a keyword: `local`, `if`, `function`, `assert`, `error`, `import`.

Each form reaches as far to the right as possible, so its last part is the rest of the expression:
a rule returns a function that wraps the rest, and the parser continues in a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from eventer.core.source import Span
from eventer.jsonnet.lexer import Token, TokenKind
from eventer.jsonnet.nodes import (
    Assert,
    Bind,
    CompSpec,
    Error,
    Expr,
    Function,
    If,
    Import,
    Literal,
    Local,
    Param,
)
from eventer.jsonnet.token_stream import TokenStream

Wrap: TypeAlias = Callable[[Expr], Expr]
FormRule: TypeAlias = Callable[[Token], Wrap | Expr]

_IMPORTS: Final = ("import", "importstr", "importbin")


class ExpressionParser(Protocol):
    """The parser, as its parts use it."""

    @property
    def tokens(self) -> TokenStream:
        """The token stream."""

    def expression(self) -> Expr:
        """Parses an expression."""

    def specs(self, closing: str) -> tuple[CompSpec, ...]:
        """Parses `for … if …` and its closing bracket."""


class KeywordFormParser:
    """Parses the forms that begin with a keyword."""

    def __init__(self, parser: ExpressionParser) -> None:
        self._parser = parser
        self._tokens = parser.tokens
        self._rules: dict[str, FormRule] = {
            "local": self._local,
            "if": self._if,
            "function": self._function,
            "assert": self._assert,
            "error": self._error,
            **dict.fromkeys(_IMPORTS, self._import),
        }

    def rule(self) -> FormRule | None:
        """The rule of the next form; call it with the keyword, already taken."""
        token = self._tokens.next
        return self._rules.get(token.text) if token.kind is TokenKind.KEYWORD else None

    def _local(self, word: Token) -> Wrap:
        binds: list[Bind] = []
        names: set[str] = set()
        while True:
            binds.append(self.bind(names))
            if self._tokens.take_if(";"):
                break
            if not self._tokens.take_if(","):
                raise self._tokens.unexpected(
                    "`,` or `;` after the local variable", hint="`local x = …;` ends in a semicolon"
                )
        return lambda body: Local(self._from(word, body), tuple(binds), body)

    def bind(self, names: set[str]) -> Bind:
        """`name = body` or `name(params) = body`; adds the name to `names`, the defined ones."""
        name = self._tokens.expect_name("a local variable's name")
        if name.text in names:
            raise self._tokens.error(f"the local variable `{name.text}` is defined twice", name)
        names.add(name.text)
        params = self.params() if self._tokens.next_is("(") else None
        self._tokens.expect("=", f"after `{name.text}`")
        body = self._parser.expression()
        span = self._tokens.span_from(name.start)
        if params is not None:
            body = Function(span, params, body, name.text)
        return Bind(span, name.text, body)

    def params(self) -> tuple[Param, ...]:
        """`(name, name = default, …)`."""
        self._tokens.expect("(", "after `function`")
        params: list[Param] = []
        while not self._tokens.take_if(")"):
            name = self._tokens.expect_name("a parameter's name")
            default = self._parser.expression() if self._tokens.take_if("=") else None
            params.append(Param(self._tokens.span_from(name.start), name.text, default))
            if not self._tokens.take_if(",") and not self._tokens.next_is(")"):
                raise self._tokens.unexpected("`,` or `)` after the parameter")
        return tuple(params)

    def _if(self, word: Token) -> Wrap | Expr:
        condition = self._parser.expression()
        self._tokens.expect("then", "after the condition")
        then = self._parser.expression()
        if not self._tokens.take_if("else"):
            return If(self._from(word, then), condition, then, None)
        return lambda body: If(self._from(word, body), condition, then, body)

    def _function(self, word: Token) -> Wrap:
        params = self.params()
        return lambda body: Function(self._from(word, body), params, body)

    def _assert(self, word: Token) -> Wrap:
        condition, message = self.assertion()
        self._tokens.expect(";", "after the assertion")
        return lambda body: Assert(self._from(word, body), condition, message, body)

    def assertion(self) -> tuple[Expr, Expr | None]:
        """`condition` or `condition : message`."""
        condition = self._parser.expression()
        return condition, self._parser.expression() if self._tokens.take_if(":") else None

    def _error(self, word: Token) -> Wrap:
        return lambda message: Error(self._from(word, message), message)

    def _import(self, word: Token) -> Expr:
        token = self._tokens.next
        body = self._parser.expression()
        if not (isinstance(body, Literal) and isinstance(body.value, str)):
            raise self._tokens.error(
                f"`{word.text}` needs a plain string, not an expression",
                token,
                hint=f"put the import in parentheses: ({word.text} '…')",
            )
        if token.text.startswith("|||"):
            raise self._tokens.error("a text block cannot name a file to import", token)
        return Import(self._from(word, body), word.text, body.value)

    def _from(self, word: Token, body: Expr) -> Span:
        return Span(self._tokens.source, word.start, body.span.end)

"""Tokens to the surface tree: recursive descent, with precedence climbing for operators.

It accepts exactly the templates that go-jsonnet 0.22 accepts.
Forms that begin with a keyword (`local`, `if`, `function`, `assert`, `error`, `import`) may stand
wherever an operand may, and reach as far to the right as possible. Chains of them are parsed in a
loop, so only brackets and operands nest.
"""

from __future__ import annotations

from typing import Final

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source, Span
from eventer.jsonnet.keyword_forms import KeywordFormParser, Wrap
from eventer.jsonnet.lexer import Token, TokenKind
from eventer.jsonnet.nodes import (
    Apply,
    Argument,
    Array,
    ArrayComp,
    Binary,
    CompSpec,
    Expr,
    Extend,
    ForSpec,
    IfSpec,
    Index,
    InSuper,
    Literal,
    Node,
    Parens,
    Self,
    Slice,
    SuperIndex,
    Unary,
    Var,
)
from eventer.jsonnet.object_parser import ObjectParser
from eventer.jsonnet.token_stream import TokenStream
from eventer.jsonnet.walk import check_height, raise_recursion_limit

PRECEDENCE: Final = {
    **dict.fromkeys(("*", "/", "%"), 10),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("<<", ">>"), 8),
    **dict.fromkeys(("<", ">", "<=", ">=", "in"), 7),
    **dict.fromkeys(("==", "!="), 6),
    "&": 5,
    "^": 4,
    "|": 3,
    "&&": 2,
    "||": 1,
}
"""How tightly binary operators bind; all are left associative."""

UNARY: Final = frozenset("+-!~")
_CONSTANTS: Final = {"null": None, "true": True, "false": False}


def parse(source: Source) -> Expr:
    """The surface tree of a text.

    Raises:
        TemplateSyntaxError: go-jsonnet rejects the text too, or it nests too deep.
    """
    raise_recursion_limit()
    tree = _Parser(TokenStream(source)).whole()
    check_height(tree)
    return tree


class _Parser:
    def __init__(self, tokens: TokenStream) -> None:
        self._tokens = tokens
        self._keyword_forms = KeywordFormParser(self)
        self._members = ObjectParser(self, self._keyword_forms)

    @property
    def tokens(self) -> TokenStream:
        return self._tokens

    def whole(self) -> Expr:
        tree = self.expression()
        if self._tokens.next.kind is not TokenKind.END:
            raise self._tokens.unexpected("the end of the template")
        return tree

    def expression(self) -> Expr:
        self._tokens.enter()
        wraps: list[Wrap] = []
        while (rule := self._keyword_forms.rule()) is not None:
            result = rule(self._tokens.take())
            if isinstance(result, Node):
                break
            wraps.append(result)
        else:
            result = self._operators(0)
        for wrap in reversed(wraps):
            result = wrap(result)
        self._tokens.leave()
        return result

    def _operators(self, floor: int) -> Expr:
        left = self._unary()
        while (operator := self._binary_operator()) is not None:
            precedence = PRECEDENCE[operator.text]
            if precedence <= floor:
                break
            self._tokens.take()
            if operator.text == "in" and self._tokens.take_if("super"):
                left = InSuper(self._tokens.span_from(left.span.start), left)
                continue
            right = self._operators(precedence)
            left = Binary(left.span.to(right.span), operator.text, left, right)
        return left

    def _binary_operator(self) -> Token | None:
        token = self._tokens.next
        if token.kind is TokenKind.OPERATOR and token.text not in (":", "::"):
            if token.text not in PRECEDENCE:
                raise self._no_operator(token, "binary")
            return token
        return token if token.kind is TokenKind.KEYWORD and token.text == "in" else None

    def _no_operator(self, token: Token, arity: str) -> TemplateSyntaxError:
        hint = _split_operator(self._tokens.source.text, token)
        if hint is None and token.text == "=":
            hint = "compare with `==`; declare a variable with `local name = …;`"
        return self._tokens.error(f"`{token.text}` is not a {arity} operator", token, hint=hint)

    def _unary(self) -> Expr:
        signs: list[Token] = []
        while (token := self._tokens.next).kind is TokenKind.OPERATOR:
            if token.text not in UNARY:
                raise self._no_operator(token, "unary")
            signs.append(self._tokens.take())
        operand = self.expression() if self._keyword_forms.rule() is not None else self._postfix()
        for sign in reversed(signs):
            span = Span(self._tokens.source, sign.start, operand.span.end)
            operand = Unary(span, sign.text, operand)
        return operand

    def _postfix(self) -> Expr:
        target = self._terminal()
        while (token := self._tokens.next).kind is TokenKind.SYMBOL:
            if token.text == ".":
                target = self._dot(target)
            elif token.text == "[":
                target = self._index(target)
            elif token.text == "(":
                target = self._apply(target)
            elif token.text == "{":
                right = self._members.parse(self._tokens.take())
                target = Extend(target.span.to(right.span), target, right)
            else:
                break
        return target

    def _dot(self, target: Expr) -> Expr:
        self._tokens.take()
        name = self._name_literal()
        return Index(target.span.to(name.span), target, name, dotted=True)

    def _name_literal(self) -> Literal:
        name = self._tokens.expect_name("a field's name after `.`")
        return Literal(self._tokens.span_of(name), name.text)

    def _index(self, target: Expr) -> Expr:
        opening, colons, ready = self._tokens.take(), 0, True
        bounds: list[Expr | None] = [None, None, None]
        while not self._tokens.next_is("]"):
            step = _colons(self._tokens.next)
            if step:
                colons, ready = colons + step, True
                if colons > 2:
                    message = "a slice has at most three parts, [start:end:step]"
                    raise self._tokens.error(message, self._tokens.next)
                self._tokens.take()
            elif ready:
                bounds[colons], ready = self.expression(), False
            else:
                raise self._tokens.unexpected("`]` after the index")
        closing = self._tokens.take()
        span = Span(self._tokens.source, target.span.start, closing.end)
        if colons:
            return Slice(span, target, *bounds)
        if bounds[0] is None:
            raise self._tokens.error("an index is missing between `[` and `]`", opening)
        return Index(span, target, bounds[0])

    def _apply(self, target: Expr) -> Expr:
        self._tokens.take()
        positional: list[Expr] = []
        named: list[Argument] = []
        while not self._tokens.take_if(")"):
            self._argument(positional, named)
            if not self._tokens.take_if(",") and not self._tokens.next_is(")"):
                raise self._tokens.unexpected("`,` or `)` after the argument")
        span = self._tokens.span_from(target.span.start)
        tailstrict = self._tokens.take_if("tailstrict")
        return Apply(span, target, tuple(positional), tuple(named), tailstrict)

    def _argument(self, positional: list[Expr], named: list[Argument]) -> None:
        token, after = self._tokens.next, self._tokens.after_next
        if token.kind is TokenKind.NAME and after.kind is TokenKind.OPERATOR and after.text == "=":
            self._tokens.take()
            self._tokens.take()
            value = self.expression()
            named.append(Argument(self._tokens.span_from(token.start), token.text, value))
            return
        value = self.expression()
        if named:
            message = "a positional argument cannot follow a named one"
            raise self._tokens.error(
                message, token, hint="move it before the named arguments, or name it"
            )
        positional.append(value)

    def _terminal(self) -> Expr:
        token = self._tokens.next
        span = self._tokens.span_of(token)
        if token.kind is TokenKind.NAME:
            self._tokens.take()
            return Var(span, token.text)
        if token.kind in (TokenKind.NUMBER, TokenKind.STRING):
            self._tokens.take()
            return Literal(span, token.value)
        if token.kind is TokenKind.SYMBOL and token.text in "{[(":
            return self._bracketed(self._tokens.take())
        if token.kind is TokenKind.KEYWORD:
            return self._word(token, span)
        raise self._tokens.unexpected("an expression")

    def _bracketed(self, opening: Token) -> Expr:
        if opening.text == "{":
            return self._members.parse(opening)
        if opening.text == "[":
            return self._array(opening)
        body = self.expression()
        self._tokens.expect(")", "to close the parenthesis")
        return Parens(self._tokens.span_from(opening.start), body)

    def _word(self, token: Token, span: Span) -> Expr:
        if token.text in _CONSTANTS:
            self._tokens.take()
            return Literal(span, _CONSTANTS[token.text])
        if token.text == "self":
            self._tokens.take()
            return Self(span)
        if token.text == "$":
            self._tokens.take()
            return Var(span, "$")
        if token.text == "super":
            return self._super(self._tokens.take())
        raise self._tokens.unexpected("an expression")

    def _super(self, token: Token) -> Expr:
        index: Expr
        if self._tokens.take_if("."):
            index = self._name_literal()
        elif self._tokens.take_if("["):
            index = self.expression()
            self._tokens.expect("]", "after the index")
        else:
            raise self._tokens.unexpected("`.` or `[` after `super`")
        return SuperIndex(self._tokens.span_from(token.start), index)

    def _array(self, opening: Token) -> Expr:
        elements: list[Expr] = []
        while not self._tokens.take_if("]"):
            if len(elements) == 1 and self._tokens.next_is("for"):
                specs = self.specs("]")
                return ArrayComp(self._tokens.span_from(opening.start), elements[0], specs)
            if elements and self._tokens.last.text != ",":
                raise self._tokens.unexpected("`,` or `]` after the element")
            elements.append(self.expression())
            self._tokens.take_if(",")
        return Array(self._tokens.span_from(opening.start), tuple(elements))

    def specs(self, closing: str) -> tuple[CompSpec, ...]:
        """The `for … if …` of a comprehension and its closing bracket."""
        specs: list[CompSpec] = []
        while not self._tokens.take_if(closing):
            token = self._tokens.next
            if self._tokens.take_if("for"):
                name = self._tokens.expect_name("a variable after `for`").text
                self._tokens.expect("in", "after the variable")
                source = self.expression()
                specs.append(ForSpec(self._tokens.span_from(token.start), name, source))
            elif self._tokens.take_if("if"):
                condition = self.expression()
                specs.append(IfSpec(self._tokens.span_from(token.start), condition))
            else:
                raise self._tokens.unexpected(f"`for`, `if` or `{closing}`")
        return tuple(specs)


def _split_operator(text: str, token: Token) -> str | None:
    """A hint if a sign directly after an operator splits it into single characters."""
    for start in (token.start, token.start - 1):
        run = text[max(start, 0) : start + 2]
        if len(token.text) == 1 and (run in PRECEDENCE or run == "::"):
            return f"put a space after `{run}`"
    return None


def _colons(token: Token) -> int:
    """The number of colons of a slice in a token.

    As in go-jsonnet, the text inside a string counts too: `x[":"]` is a slice.
    """
    written = (
        token.value if token.kind is TokenKind.STRING and "\\" not in token.text else token.text
    )
    return len(str(written)) if written in (":", "::") else 0

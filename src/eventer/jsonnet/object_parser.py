"""The members of an object literal: fields, methods, locals, assertions, comprehensions."""

from __future__ import annotations

from typing import Final

from eventer.jsonnet.keyword_forms import ExpressionParser, KeywordFormParser
from eventer.jsonnet.lexer import Token, TokenKind
from eventer.jsonnet.nodes import (
    Assertion,
    Bind,
    Expr,
    Field,
    Function,
    Literal,
    Object,
    ObjectComp,
    Visibility,
)

_OPERATORS: Final = {
    sign + colons: (Visibility(colons), bool(sign))
    for sign in ("", "+")
    for colons in (":", "::", ":::")
}


class ObjectParser:
    """Parses the text between `{` and `}`."""

    def __init__(self, parser: ExpressionParser, keyword_forms: KeywordFormParser) -> None:
        self._parser, self._keyword_forms = parser, keyword_forms

    def parse(self, opening: Token) -> Object | ObjectComp:
        """The object whose `{` was taken.

        Raises:
            TemplateSyntaxError: a member is invalid, or a literal name or a local is defined twice.
        """
        tokens, body = self._parser.tokens, _ObjectBody(self._parser, self._keyword_forms)
        while not tokens.take_if("}"):
            if tokens.next_is("for"):
                return body.comprehension(opening)
            if not body.empty and tokens.last.text != ",":
                raise tokens.unexpected("`,` or `}` after the field")
            body.member()
            tokens.take_if(",")
        span = tokens.span_from(opening.start)
        return Object(span, tuple(body.fields), tuple(body.locals), tuple(body.asserts))


class _ObjectBody:
    """The members of one object so far."""

    def __init__(self, parser: ExpressionParser, keyword_forms: KeywordFormParser) -> None:
        self._parser, self._keyword_forms = parser, keyword_forms
        self._tokens = parser.tokens
        self._literal_names: set[str] = set()
        self._local_names: set[str] = set()
        self.fields: list[Field] = []
        self.locals: list[Bind] = []
        self.asserts: list[Assertion] = []

    @property
    def empty(self) -> bool:
        return not (self.fields or self.locals or self.asserts)

    def member(self) -> None:
        token = self._tokens.next
        if self._tokens.take_if("local"):
            self.locals.append(self._keyword_forms.bind(self._local_names))
        elif self._tokens.take_if("assert"):
            condition, message = self._keyword_forms.assertion()
            span = self._tokens.span_from(token.start)
            self.asserts.append(Assertion(span, condition, message))
        else:
            self.fields.append(self._field(token))

    def _field(self, first: Token) -> Field:
        name, raw = self._name()
        params = self._keyword_forms.params() if self._tokens.next_is("(") else None
        visibility, plus = self._operator(raw)
        if plus and params is not None:
            raise self._tokens.error("`+:` cannot be used with a method", first)
        if raw is not None:
            self._refuse_duplicate(raw, first)
        body = self._parser.expression()
        span = self._tokens.span_from(first.start)
        if params is not None:
            body = Function(span, params, body, raw)
        return Field(span, name, body, visibility, plus)

    def _name(self) -> tuple[Expr, str | None]:
        """The name's expression, and the text that go-jsonnet compares names by, if literal."""
        token = self._tokens.next
        span = self._tokens.span_of(token)
        if token.kind is TokenKind.STRING:
            self._tokens.take()
            return Literal(span, token.value), _raw(token)
        if not self._tokens.take_if("["):
            name = self._tokens.expect_name("a field").text
            return Literal(span, name), name
        expression = self._parser.expression()
        self._tokens.expect("]", "after the field's name")
        return expression, None

    def _operator(self, name: str | None) -> tuple[Visibility, bool]:
        token = self._tokens.next
        if token.kind is not TokenKind.OPERATOR or token.text not in _OPERATORS:
            shown = f"`{name}`" if name is not None else "the field's name"
            hint = None
            if token.text == "=":
                hint = "a field is `name: value`; a variable is `local name = value`"
            raise self._tokens.unexpected(f"`:` after {shown}", hint=hint)
        self._tokens.take()
        return _OPERATORS[token.text]

    def _refuse_duplicate(self, name: str, token: Token) -> None:
        if name in self._literal_names:
            raise self._tokens.error(f"the field `{name}` is defined twice in this object", token)
        self._literal_names.add(name)

    def comprehension(self, opening: Token) -> ObjectComp:
        """The object comprehension that these members form."""
        token = self._tokens.next
        if self.asserts:
            raise self._tokens.error("an object comprehension cannot have assertions", token)
        if len(self.fields) != 1:
            raise self._tokens.error("an object comprehension needs exactly one field", token)
        field = self.fields[0]
        if field.visibility is not Visibility.INHERIT:
            message = "the field of an object comprehension is written with `:`"
            raise self._tokens.error(message, token)
        if self._literal_names:
            message = "the field of an object comprehension has a computed name, [name]"
            raise self._tokens.error(message, token)
        specs = self._parser.specs("}")
        span = self._tokens.span_from(opening.start)
        return ObjectComp(span, field.name, field.body, specs, tuple(self.locals), plus=field.plus)


def _raw(token: Token) -> str:
    r"""Go-jsonnet compares names as written: `"a"` and `"\u0061"` clash only when evaluated."""
    if token.text[0] in "\"'":
        return token.text[1:-1]
    return str(token.value)

"""Surface tree to core tree: replaces syntactic sugar.

    (e)                    e
    if c then t            if c then t else null
    assert c : m; e        if c then e else error m
    e { … }                e + { … }
    t[a:b:c]               slice(t, a, b, c), even if `std` is bound to something else
    { … } outermost        { local $ = self, … }
    1e999                  error "overflow"

The parser has already made `Function` nodes of methods and of functions in `local`. Comprehensions,
`%` and `in` stay: the evaluator gives list elements their own draw keys, and knows the operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isinf
from typing import Final

from eventer.jsonnet.nodes import (
    Apply,
    Assert,
    Assertion,
    Binary,
    Bind,
    Error,
    Expr,
    Extend,
    Field,
    Function,
    If,
    Literal,
    Node,
    Object,
    ObjectComp,
    Parens,
    Self,
    Slice,
    StdReference,
)
from eventer.jsonnet.walk import map_children

ROOT_OBJECT: Final = "$"
"""The local that the outermost object binds to itself."""


def desugar(surface: Expr) -> Expr:
    """The core tree of a surface tree."""
    return _Desugar().expression(surface)


class _Desugar:
    def __init__(self) -> None:
        self._objects = 0
        self._rules: dict[type[Node], Callable[..., Expr]] = {
            Literal: self._literal,
            Parens: self._parens,
            If: self._if,
            Assert: self._assert,
            Extend: self._extend,
            Slice: self._slice,
            Object: self._object,
            ObjectComp: self._object_comp,
        }

    def expression(self, node: Expr) -> Expr:
        rule = self._rules.get(type(node))
        return map_children(node, self._part) if rule is None else rule(node)

    def _part(self, node: Node) -> Node:
        """An expression, or a node that only groups expressions."""
        if isinstance(node, Bind):
            return self._bind(node)
        rule = self._rules.get(type(node))
        return map_children(node, self._part) if rule is None else rule(node)

    def _bind(self, node: Bind) -> Bind:
        return replace(node, body=_named(self.expression(node.body), node.name))

    def _literal(self, node: Literal) -> Expr:
        if isinstance(node.value, float) and isinf(node.value):
            return Error(node.span, Literal(node.span, "overflow"))
        return node

    def _parens(self, node: Parens) -> Expr:
        body: Expr = node.body
        while isinstance(body, Parens):
            body = body.body
        return self.expression(body)

    def _if(self, node: If) -> Expr:
        otherwise = node.otherwise or Literal(node.span, None)
        return map_children(replace(node, otherwise=otherwise), self._part)

    def _assert(self, node: Assert) -> Expr:
        message = node.message or Literal(node.span, "Assertion failed")
        return If(
            node.span,
            self.expression(node.condition),
            self.expression(node.body),
            Error(node.condition.span, self.expression(message)),
        )

    def _extend(self, node: Extend) -> Expr:
        return Binary(node.span, "+", self.expression(node.left), self.expression(node.right))

    def _slice(self, node: Slice) -> Expr:
        null = [Literal(node.span, None) for _ in range(3)]
        bounds = [node.start or null[0], node.end or null[1], node.step or null[2]]
        arguments = [self.expression(each) for each in (node.target, *bounds)]
        return Apply(node.span, StdReference(node.span, "slice"), tuple(arguments))

    def _object(self, node: Object) -> Expr:
        names = [self.expression(field.name) for field in node.fields]
        self._objects += 1
        fields = [self._field(each, name) for each, name in zip(node.fields, names, strict=True)]
        asserts = [self._assertion(each) for each in node.asserts]
        binds = self._locals(node)
        self._objects -= 1
        return Object(node.span, tuple(fields), binds, tuple(asserts))

    def _field(self, field: Field, name: Expr) -> Field:
        body = self.expression(field.body)
        if isinstance(name, Literal) and isinstance(name.value, str):
            body = _named(body, name.value)
        return replace(field, name=name, body=body)

    def _assertion(self, node: Assertion) -> Assertion:
        return map_children(node, self._part)

    def _locals(self, node: Object | ObjectComp) -> tuple[Bind, ...]:
        binds = [self._bind(bind) for bind in node.locals]
        if self._objects == 1:
            binds.append(Bind(node.span, ROOT_OBJECT, Self(node.span)))
        return tuple(binds)

    def _object_comp(self, node: ObjectComp) -> Expr:
        name = self.expression(node.name)
        specs = tuple([map_children(spec, self._part) for spec in node.specs])
        self._objects += 1
        body, binds = self.expression(node.body), self._locals(node)
        self._objects -= 1
        return replace(node, name=name, body=body, specs=specs, locals=binds)


def _named(body: Expr, name: str) -> Expr:
    """The body; a function gets the name that it is bound to, for errors."""
    if isinstance(body, Function) and body.name is None:
        return replace(body, name=name)
    return body

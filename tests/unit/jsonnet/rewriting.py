"""Rewrites templates, with and without a change of meaning."""

from dataclasses import replace
from random import Random

from eventer.core.source import Source
from eventer.jsonnet.lexer import TokenKind, lex
from eventer.jsonnet.nodes import (
    Apply,
    Argument,
    Assertion,
    Bind,
    Extend,
    Field,
    ForSpec,
    IfSpec,
    Literal,
    Local,
    Object,
    ObjectComp,
    Param,
    Parens,
    StdReference,
    Var,
)
from eventer.jsonnet.walk import map_children, walk_nodes
from tests.jsonnet_printer import print_tree
from tests.unit.jsonnet.front_end import surface

GROUPING_NODES = (Argument, Assertion, Bind, Field, ForSpec, IfSpec, Param)
UNUSED = "local unused_a(n) = [std.native('draw')(n), unused_a]; unused_a"


class EquivalentRewriter:
    """Rewrites a surface tree without changing its meaning."""

    def __init__(self, tree, random):
        self.random = random
        self.kept = {"std", "$"}
        self.kept.update(node.name for node in walk_nodes(tree) if isinstance(node, Argument))
        self.text = respell(print_tree(self.change(tree)), random)

    def shuffled(self, nodes):
        return tuple(self.random.sample(nodes, len(nodes)))

    def renamed(self, name):
        return name if name in self.kept else f"renamed_{name[::-1]}"

    def unused(self, span):
        return Bind(span, f"unused_{self.random.randrange(10**6)}", surface(UNUSED))

    def change(self, node):
        if isinstance(node, Extend):  # its right side must stay an object literal
            return replace(node, left=self.change(node.left), right=self.inside(node.right))
        node = self.inside(node)
        if isinstance(node, GROUPING_NODES):
            return node
        dice = self.random.randrange(8)
        if dice == 0:
            return Parens(node.span, node)
        if dice == 1:
            return Parens(node.span, Local(node.span, (self.unused(node.span),), node))
        return node

    def inside(self, node):
        node = map_children(node, self.change)
        if isinstance(node, (Var, Bind, Param, ForSpec)):
            return replace(node, name=self.renamed(node.name))
        if isinstance(node, Local):
            return replace(node, binds=self.shuffled((*node.binds, self.unused(node.span))))
        if isinstance(node, Object):
            binds = self.shuffled((*node.locals, self.unused(node.span)))
            return replace(node, fields=self.shuffled(node.fields), locals=binds)
        if isinstance(node, ObjectComp):
            return replace(node, locals=self.shuffled((*node.locals, self.unused(node.span))))
        if isinstance(node, Apply):
            return replace(node, named=self.shuffled(node.named))
        return node


def respell(text, random):
    """The same tokens with other white space, comments and spellings of literals."""
    parts = []
    for token in lex(Source("t", text))[:-1]:
        spaces = random.choice((" ", "\n", " \t", " /* * */ ", "# c\n", " // é\r\n", "\n\n  "))
        parts += (spelling(token, random), spaces)
    return "".join(parts)


def spelling(token, random):
    if token.kind is TokenKind.NUMBER:
        shortest = repr(token.value)
        return random.choice((token.text, shortest, shortest + ("" if "e" in shortest else "e0")))
    if token.kind is TokenKind.STRING and token.value not in (":", "::"):
        units = token.value.encode("utf-16-be").hex()
        escaped = "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
        return random.choice((token.text, f"'{escaped}'"))
    return token.text


def rewrite_equivalently(text, seed):
    """Another text with the same meaning."""
    return EquivalentRewriter(surface(text), Random(seed)).text


def add_fields(text):
    """The text with a new, drawing field in each object on a path of fields."""

    def grow(node):
        if isinstance(node, Local):
            return replace(node, body=grow(node.body))
        if isinstance(node, Field):
            return replace(node, body=grow(node.body))
        if isinstance(node, Object):
            fields = tuple([grow(field) for field in node.fields])
            return replace(node, fields=(*fields, new_field()))
        if isinstance(node, ObjectComp):
            return replace(node, body=grow(node.body))
        return map_children(node, grow)

    return print_tree(grow(surface(text)))


def new_field():
    return surface("{ a_new_one: std.native('draw')(1) }").fields[0]


def mutations(core):
    """Trees that differ from a core tree in one literal or one argument, as texts."""
    places = [node for node in walk_nodes(core) if changed(node) is not None]
    for place in places:
        yield print_tree(with_other(core, place))


def with_other(core, place):
    def change(node):
        return changed(node) if node is place else map_children(node, change)

    return change(core)


def changed(node):
    if isinstance(node, Literal):
        if isinstance(node.value, str):
            return replace(node, value=node.value + "'")
        if isinstance(node.value, float):
            return replace(node, value=node.value * 2 + 1)
        return replace(node, value=None if node.value is not None else False)
    if isinstance(node, Apply) and not isinstance(node.target, StdReference):
        return replace(node, positional=(*node.positional, Literal(node.span, 12345.0)))
    return None

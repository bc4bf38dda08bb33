"""Prints a tree as Jsonnet text that parses to an equivalent tree.

It prints surface and core trees. Comments and line breaks are lost; core trees are printed
desugared: `assert` as `if`, methods as functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from math import isinf
from typing import Any, Final

from eventer.jsonnet import nodes as n
from eventer.jsonnet.desugar import ROOT_OBJECT
from eventer.jsonnet.lexer import KEYWORDS
from eventer.jsonnet.nodes import Expr
from eventer.jsonnet.parser import PRECEDENCE
from eventer.jsonnet.walk import raise_recursion_limit

_OPEN: Final = 0
"""The level of places for any expression."""
_OPERAND: Final = 1
_SIGNED: Final = 11
_TARGET: Final = 12

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIXED: Final = (n.Local, n.If, n.Function, n.Assert, n.Error, n.Import)


def print_tree(tree: Expr) -> str:
    """The text of a tree, on one line but for line ends inside strings."""
    raise_recursion_limit()
    printer = _Printer()
    printer.expression(tree, _OPEN)
    return "".join(printer.parts)


def _level(node: Expr) -> int:
    """The precedence of a node; below the level of its place, it needs parentheses."""
    if isinstance(node, _PREFIXED):
        return _OPEN
    if isinstance(node, n.Binary):
        return PRECEDENCE[node.operator]
    if isinstance(node, n.InSuper):
        return PRECEDENCE["in"]
    return _SIGNED if isinstance(node, n.Unary) else _TARGET


class _Printer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._rules: dict[type[n.Node], Callable[[Any], None]] = {
            n.Literal: lambda node: self._put(_literal(node)),
            n.Var: lambda node: self._put(node.name),
            n.Self: lambda _: self._put("self"),
            n.SuperIndex: self._super,
            n.InSuper: lambda node: self._put((node.name, PRECEDENCE["in"]), " in super"),
            n.StdReference: lambda node: self._put("std.", node.name),
            n.Array: self._array,
            n.ArrayComp: self._array_comp,
            n.Function: self._function,
            n.Object: self._object,
            n.ObjectComp: self._object_comp,
            n.Index: self._index,
            n.Apply: self._apply,
            n.Local: self._local,
            n.If: self._if,
            n.Error: lambda node: self._put("error ", (node.message, _OPEN)),
            n.Unary: lambda node: self._put(node.operator, (node.operand, _SIGNED)),
            n.Binary: self._binary,
            n.Import: lambda node: self._put(node.kind, " ", _quoted(node.path)),
            n.Parens: lambda node: self._put("(", (node.body, _OPEN), ")"),
            n.Slice: lambda node: self._slice(node.target, (node.start, node.end, node.step)),
            n.Extend: lambda node: self._put((node.left, _TARGET), " ", (node.right, _TARGET)),
            n.Assert: self._assert,
        }

    def expression(self, node: Expr, floor: int) -> None:
        """Prints an expression; below the level `floor`, in parentheses."""
        bare = _level(node) >= floor
        if not bare:
            self.parts.append("(")
        self._rules[type(node)](node)
        if not bare:
            self.parts.append(")")

    def _put(self, *pieces: str | tuple[Expr, int]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self.parts.append(piece)
            else:
                self.expression(*piece)

    def _list(self, nodes: Sequence[Any], put: Callable[[Any], None]) -> None:
        for i, node in enumerate(nodes):
            if i:
                self.parts.append(", ")
            put(node)

    def _open(self, node: Expr) -> None:
        self.expression(node, _OPEN)

    def _super(self, node: n.SuperIndex) -> None:
        self._put("super")
        self._key(node.index, dotted=True)

    def _index(self, node: n.Index) -> None:
        self._put((node.target, _TARGET))
        number = isinstance(node.target, n.Literal) and isinstance(node.target.value, float)
        self._key(node.index, dotted=not number)

    def _key(self, index: Expr, *, dotted: bool) -> None:
        text = index.value if isinstance(index, n.Literal) else None
        if dotted and isinstance(text, str) and _bare(text):
            self._put(".", text)
        elif text in (":", "::"):
            self._put('["', *[r"\u003a" for _ in str(text)], '"]')  # `x[":"]` would be a slice
        else:
            self._put("[", (index, _OPEN), "]")

    def _array(self, node: n.Array) -> None:
        self._put("[")
        self._list(node.elements, self._open)
        self._put("]")

    def _array_comp(self, node: n.ArrayComp) -> None:
        self._put("[", (node.body, _OPEN))
        self._specs(node.specs)
        self._put("]")

    def _specs(self, specs: Sequence[n.CompSpec]) -> None:
        for spec in specs:
            if isinstance(spec, n.ForSpec):
                self._put(f" for {spec.name} in ", (spec.source, _OPEN))
            else:
                self._put(" if ", (spec.condition, _OPEN))

    def _function(self, node: n.Function) -> None:
        self._put("function(")
        self._list(node.params, self._param)
        self._put(") ", (node.body, _OPEN))

    def _param(self, param: n.Param) -> None:
        self._put(param.name)
        if param.default is not None:
            self._put(" = ", (param.default, _OPEN))

    def _object(self, node: n.Object) -> None:
        members = [*_shown(node.locals), *node.asserts, *node.fields]
        names: set[str] = set()
        self._put("{ " if members else "{")
        self._list(members, lambda member: self._member(member, names))
        self._put(" }" if members else "}")

    def _member(self, member: n.Bind | n.Assertion | n.Field, names: set[str]) -> None:
        if isinstance(member, n.Bind):
            self._put("local ")
            self._bind(member)
        elif isinstance(member, n.Assertion):
            self._assertion(member.condition, member.message)
        else:
            self._field_name(member.name, names)
            sign = "+" * member.plus + member.visibility.value
            self._put(f"{sign} ", (member.body, _OPEN))

    def _field_name(self, name: Expr, names: set[str]) -> None:
        """A literal name is bare or quoted once; a repeated one becomes a computed name."""
        text = name.value if isinstance(name, n.Literal) else None
        if isinstance(text, str) and text not in names:
            names.add(text)
            self._put(text if _bare(text) else _quoted(text))
        else:
            self._put("[", (name, _OPEN), "]")

    def _bind(self, bind: n.Bind) -> None:
        self._put(f"{bind.name} = ", (bind.body, _OPEN))

    def _object_comp(self, node: n.ObjectComp) -> None:
        self._put("{ ")
        for bind in _shown(node.locals):
            self._put("local ")
            self._bind(bind)
            self._put(", ")
        sign = "+" * node.plus + node.visibility.value
        self._put("[", (node.name, _OPEN), f"]{sign} ", (node.body, _OPEN))
        self._specs(node.specs)
        self._put(" }")

    def _apply(self, node: n.Apply) -> None:
        if isinstance(node.target, n.StdReference) and node.target.name == "slice":
            target, *bounds = node.positional
            self._slice(target, [None if _is_null(each) else each for each in bounds])
            return
        self._put((node.target, _TARGET), "(")
        self._list([*node.positional, *node.named], self._argument)
        self._put(") tailstrict" if node.tailstrict else ")")

    def _argument(self, node: Expr | n.Argument) -> None:
        if isinstance(node, n.Argument):
            self._put(f"{node.name} = ", (node.value, _OPEN))
        else:
            self._open(node)

    def _slice(self, target: Expr, bounds: Sequence[Expr | None]) -> None:
        self._put((target, _TARGET), "[")
        for i, bound in enumerate(bounds):
            if i:
                self._put(" : ")
            if bound is not None:
                self._put((bound, _OPERAND))
        self._put("]")

    def _local(self, node: n.Local) -> None:
        self._put("local ")
        self._list(node.binds, self._bind)
        self._put("; ", (node.body, _OPEN))

    def _if(self, node: n.If) -> None:
        # A branch that ends in an `if` of its own would take the `else`: `_OPERAND` forbids it.
        self._put("if ", (node.condition, _OPEN), " then ", (node.then, _OPERAND))
        if node.otherwise is not None:
            self._put(" else ", (node.otherwise, _OPEN))

    def _binary(self, node: n.Binary) -> None:
        level = PRECEDENCE[node.operator]
        self._put((node.left, level), f" {node.operator} ", (node.right, level + 1))

    def _assert(self, node: n.Assert) -> None:
        self._assertion(node.condition, node.message)
        self._put("; ", (node.body, _OPEN))

    def _assertion(self, condition: Expr, message: Expr | None) -> None:
        self._put("assert ", (condition, _OPEN))
        if message is not None:
            self._put(" : ", (message, _OPEN))


def _shown(binds: Sequence[n.Bind]) -> list[n.Bind]:
    """The locals of the text, without `$`."""
    return [bind for bind in binds if bind.name != ROOT_OBJECT]


def _bare(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name not in KEYWORDS


def _is_null(node: Expr) -> bool:
    return isinstance(node, n.Literal) and node.value is None


def _literal(node: n.Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return "1e999" if isinf(value) else _number_text(value)
    return {None: "null", True: "true", False: "false"}[value]


def _number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() and value < 1e16 else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

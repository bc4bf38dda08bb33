"""Constant arguments of native calls, checked where they stand, evaluated or not.

A call counts as constant where its function is `std.native("…")`, directly or through a local, and
all its arguments are literals. All others are checked when they are evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.jsonnet import nodes as n
from eventer.jsonnet.load import Program
from eventer.jsonnet.walk import child_nodes

_STD: Final = "std"


def check_arguments(program: Program) -> None:
    """Raises what the first wrong call would raise.

    Raises:
        EvaluationError: with the place of the call.
    """
    for tree in (program.root, *program.code.values()):
        _check_tree(tree)


def _check_tree(tree: n.Expr) -> None:
    waiting: list[tuple[n.Node, Mapping[str, str | None]]] = [(tree, {})]
    while waiting:
        node, names = waiting.pop()
        inner = _names_inside(node, names)
        if isinstance(node, n.Apply):
            _check_call(node, names)
        waiting += [(child, inner) for child in child_nodes(node)]


def _names_inside(node: n.Node, names: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Which variable is which native within a node; None for a variable that hides one."""
    bound: dict[str, str | None] = {}
    if isinstance(node, n.Function):
        bound.update((param.name, None) for param in node.params)
    if isinstance(node, n.ArrayComp | n.ObjectComp):
        bound.update((spec.name, None) for spec in node.specs if isinstance(spec, n.ForSpec))
    for bind in _binds(node):
        bound[bind.name] = _native_name(bind.body, {**names, **bound})
    return {**names, **bound} if bound else names


def _binds(node: n.Node) -> tuple[n.Bind, ...]:
    if isinstance(node, n.Local):
        return node.binds
    return node.locals if isinstance(node, n.Object | n.ObjectComp) else ()


def _native_name(node: n.Expr, names: Mapping[str, str | None]) -> str | None:
    match node:
        case n.Var(name=name):
            return names.get(name)
        case n.Apply(
            target=n.Index(target=n.Var(name="std"), index=n.Literal(value="native")),
            positional=(n.Literal(value=str(name)),),
        ) if _STD not in names:
            return name
        case _:
            return None


def _check_call(node: n.Apply, names: Mapping[str, str | None]) -> None:
    name = _native_name(node.target, names)
    spec = CATALOG.find(name) if name is not None else None
    constants = [_constant(argument) for argument in node.positional]
    if spec is None or node.named or any(c is _NOT_CONSTANT for c in constants):
        return
    try:
        spec.check(constants)  # type: ignore[arg-type]  # none of them is _NOT_CONSTANT
    except EvaluationError as error:
        raise error.at(node.span) from None


class _NotConstantType:
    """The type of what is no constant."""


_NOT_CONSTANT: Final = _NotConstantType()


def _constant(node: n.Expr) -> JsonValue | _NotConstantType:
    match node:
        case n.Literal(value=value):
            return value
        case n.Unary(operator="-", operand=n.Literal(value=float(number))):
            return -number
        case n.Array(elements=elements):
            values = [_constant(element) for element in elements]
            return _NOT_CONSTANT if any(v is _NOT_CONSTANT for v in values) else values  # type: ignore[return-value]  # checked
        case _:
            return _NOT_CONSTANT

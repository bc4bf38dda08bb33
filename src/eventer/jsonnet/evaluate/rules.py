"""The rule of each kind of core node."""

from __future__ import annotations

from functools import partial
from typing import Final

from eventer.jsonnet import nodes
from eventer.jsonnet.evaluate import (
    binary,
    calls,
    comprehensions,
    expressions,
    object_literals,
    variables,
)
from eventer.jsonnet.evaluate.compiler import Rule, Rules

_PLAIN: Final[dict[type, Rule]] = {
    nodes.Var: variables.variable,
    nodes.Self: variables.self_object,
    nodes.Local: variables.local,
    nodes.Function: calls.function,
    nodes.Apply: calls.apply,
    nodes.Array: comprehensions.array,
    nodes.ArrayComp: comprehensions.array_comp,
    nodes.Object: object_literals.object_literal,
    nodes.ObjectComp: comprehensions.object_comp,
    nodes.SuperIndex: object_literals.super_index,
    nodes.InSuper: object_literals.in_super,
    nodes.Index: expressions.index,
    nodes.If: expressions.condition,
    nodes.Error: expressions.error,
    nodes.Unary: expressions.unary,
    nodes.Binary: binary.binary,
    nodes.Import: expressions.imported,
}

_TAIL: Final[dict[type, Rule]] = {
    nodes.Local: partial(variables.local, tail=True),
    nodes.Apply: partial(calls.apply, tail=True),
    nodes.If: partial(expressions.condition, tail=True),
}

RULES: Final = Rules(_PLAIN, _TAIL)

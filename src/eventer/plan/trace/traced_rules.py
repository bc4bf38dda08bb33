"""The rules of nodes in a trace; where values cannot be symbols, the interpreter's."""

from __future__ import annotations

from functools import partial
from typing import Final

from eventer.jsonnet import nodes
from eventer.jsonnet.evaluate import calls, comprehensions, expressions, object_literals, variables
from eventer.jsonnet.evaluate.compiler import Rule, Rules
from eventer.plan.trace import array_comprehensions, object_comprehensions, traced_literals
from eventer.plan.trace import traced_expressions as traced

_PLAIN: Final[dict[type, Rule]] = {
    nodes.Var: variables.variable,
    nodes.Self: variables.self_object,
    nodes.Local: variables.local,
    nodes.Function: calls.function,
    nodes.Apply: traced.application,
    nodes.Array: comprehensions.array,
    nodes.ArrayComp: array_comprehensions.array_comp,
    nodes.Object: traced_literals.object_literal,
    nodes.ObjectComp: object_comprehensions.object_comp,
    nodes.SuperIndex: object_literals.super_index,
    nodes.InSuper: traced_literals.in_super,
    nodes.Index: traced.index,
    nodes.If: traced.condition,
    nodes.Error: traced.error,
    nodes.Unary: traced.unary,
    nodes.Binary: traced.binary,
    nodes.Import: expressions.imported,
}

_TAIL: Final[dict[type, Rule]] = {
    nodes.Local: partial(variables.local, tail=True),
    nodes.If: traced.condition,
}

RULES: Final = Rules(_PLAIN, _TAIL)

"""Constants: values that are known when a template is compiled.

These are literals, functions of `std`, natives with a literal name, arrays of constants, and names
bound to constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventer.jsonnet.evaluate.native_functions import NativeFunction
from eventer.jsonnet.evaluate.scope import Constant, Scope
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.nodes import Apply, Array, Index, Literal, Node, StdReference, Unary, Var
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import FUNCTIONS
from eventer.jsonnet.values import Array as ArrayValue
from eventer.jsonnet.values import Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler

STD = "std"


def constant_of(compiler: Compiler, node: Node, scope: Scope) -> Constant | None:
    """The constant that a node is, or None."""
    if isinstance(node, Literal):
        return Constant(node.value)
    if isinstance(node, Var):
        return _variable(compiler, node, scope)
    if isinstance(node, StdReference):
        return Constant(compiler.std_function(node.name))
    if isinstance(node, Index):
        return _library_field(compiler, node, scope)
    if isinstance(node, Apply):
        return _native(compiler, node, scope)
    if isinstance(node, Array):
        return _array(compiler, node, scope)
    if isinstance(node, Unary):
        return _negative(node)
    return None


def _variable(compiler: Compiler, node: Var, scope: Scope) -> Constant | None:
    found = scope.find(node.name)
    if found is None:
        assert node.name == STD, "other free variables are refused before evaluation"
        return Constant(compiler.std_object(node.span.source.name))
    return found if isinstance(found, Constant) else None


def _library_field(compiler: Compiler, node: Index, scope: Scope) -> Constant | None:
    if not isinstance(node.index, Literal) or not isinstance(node.index.value, str):
        return None
    if _is_library(node.target, scope) and node.index.value in FUNCTIONS:
        # Without the object of all functions, which takes as long as a small template.
        return Constant(compiler.std_function(node.index.value))
    target = compiler.constant(node.target, scope)
    if target is None or not isinstance(target.value, Object):
        return None
    if not target.value.has(node.index.value):
        return None
    return Constant(target.value.get(node.index.value))


def _is_library(node: Node, scope: Scope) -> bool:
    return isinstance(node, Var) and node.name == STD and scope.find(STD) is None


def _native(compiler: Compiler, node: Apply, scope: Scope) -> Constant | None:
    """`std.native("name")`; null for an unknown native, with the call for the error."""
    if len(node.positional) != 1 or node.named or not isinstance(node.positional[0], Literal):
        return None
    name = node.positional[0].value
    target = compiler.constant(node.target, scope)
    if target is None or not isinstance(target.value, StdFunction) or not isinstance(name, str):
        return None
    if target.value.spec.name != "native":
        return None
    native = compiler.runtime.environment.natives.find(name)
    if native is None:
        return Constant(None, unknown=node)
    return Constant(NativeFunction(native, compiler.runtime))


def _array(compiler: Compiler, node: Array, scope: Scope) -> Constant | None:
    items: list[Value] = []
    for element in node.elements:
        constant = compiler.constant(element, scope)
        if constant is None:
            return None
        items.append(constant.value)
    return Constant(ArrayValue(list(items)))


def _negative(node: Unary) -> Constant | None:
    if node.operator == "-" and isinstance(node.operand, Literal):
        value = node.operand.value
        if isinstance(value, float):
            return Constant(-value)
    return None

"""The rules of inference: the type of each kind of expression, from the types of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from eventer.jsonnet import nodes as n
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    AbstractArray,
    AbstractClosure,
    AbstractClosures,
    AbstractEnvironment,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    Boolean,
    LazyValue,
    NativeFunctionName,
    Number,
    ObjectLayers,
    StdFunctionName,
    StdObject,
    Text,
    array_of,
    closures_of,
    evaluated,
    join,
    object_of,
    text_of,
)
from eventer.plan.shape.constant_values import constant, join_all, tuple_of
from eventer.plan.shape.native_rules import native_result
from eventer.plan.shape.object_layers import FieldEnv, find_field, merge_objects
from eventer.plan.shape.std_rules import std_member, std_result

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_INTEGRAL: Final = frozenset({"<<", ">>", "&", "^", "|"})
_CLOSED_UNDER_INTEGERS: Final = frozenset({"+", "-", "*", "%"})


def _literal(_: Inference, node: n.Literal, __: AbstractEnvironment) -> AbstractValue:
    return constant(node.value)


def _var(_: Inference, node: n.Var, env: AbstractEnvironment) -> AbstractValue:
    thunk = env.variables.get(node.name)
    return thunk.get() if thunk is not None else ANYTHING


def _self(_: Inference, __: n.Self, env: AbstractEnvironment) -> AbstractValue:
    return ANYTHING if env.self_object is None else object_of(env.self_object)


def _super_index(
    inference: Inference, node: n.SuperIndex, env: AbstractEnvironment
) -> AbstractValue:
    name = inference.infer(node.index, env).core
    if env.self_object is None or not isinstance(name, Text) or name.values is None:
        return ANYTHING
    layers, level = env.self_object, env.level
    return join_all(find_field(inference, layers, text, level) for text in sorted(name.values))


def _std_reference(_: Inference, node: n.StdReference, __: AbstractEnvironment) -> AbstractValue:
    return AbstractValue(StdFunctionName(node.name))


def _array(inference: Inference, node: n.Array, env: AbstractEnvironment) -> AbstractValue:
    return tuple_of([inference.later(element, env) for element in node.elements])


def _comprehension_env(
    inference: Inference, specs: tuple[n.CompSpec, ...], env: AbstractEnvironment
) -> AbstractEnvironment:
    for spec in specs:
        if isinstance(spec, n.ForSpec):
            source = inference.infer(spec.source, env).core
            element = evaluated(NEVER if source is None else ANYTHING)
            if isinstance(source, AbstractArray):
                element = source.element
            env = AbstractEnvironment(
                {**env.variables, spec.name: element}, env.self_object, env.level
            )
    return env


def _array_comp(inference: Inference, node: n.ArrayComp, env: AbstractEnvironment) -> AbstractValue:
    inner = _comprehension_env(inference, node.specs, env)
    return array_of(inference.later(node.body, inner))


def _function(_: Inference, node: n.Function, env: AbstractEnvironment) -> AbstractValue:
    return AbstractValue(AbstractClosure(node, env))


def _object(inference: Inference, node: n.Object, env: AbstractEnvironment) -> AbstractValue:
    layer = AbstractLayer({})
    for field in node.fields:
        _add_field(layer, inference.infer(field.name, env), field, node, env)
    return object_of(ObjectLayers((layer,)))


def _add_field(
    layer: AbstractLayer,
    name: AbstractValue,
    field: n.Field,
    node: n.Object,
    env: AbstractEnvironment,
) -> None:
    if name.core is None:
        return
    if not isinstance(name.core, Text) or name.core.values is None:
        layer.open = True
        return
    conditional = name.nullable or len(name.core.values) > 1
    locals_env = FieldEnv(env, node.locals)
    found = AbstractField(field.body, locals_env, field.visibility, field.plus, conditional)
    for text in name.core.values:
        known = layer.fields.get(text)
        layer.fields[text] = found if known is None else _one_of(known, found)


def _one_of(known: AbstractField, found: AbstractField) -> AbstractField:
    """A field that is one of two with the same name: an object never has both."""
    conditional = known.conditional and found.conditional
    return replace(known, conditional=conditional, others=(*known.others, found))


def _object_comp(
    inference: Inference, node: n.ObjectComp, env: AbstractEnvironment
) -> AbstractValue:
    """An object of the possible names, or with unknown names and a known value."""
    inner = _comprehension_env(inference, node.specs, env)
    name = inference.infer(node.name, inner).core
    value = AbstractField(
        node.body, FieldEnv(inner, node.locals), node.visibility, node.plus, conditional=True
    )
    if isinstance(name, Text) and name.values is not None:
        return object_of(ObjectLayers((AbstractLayer(dict.fromkeys(sorted(name.values), value)),)))
    return object_of(ObjectLayers((AbstractLayer({}, open=True, rest=value),)))


def _index(inference: Inference, node: n.Index, env: AbstractEnvironment) -> AbstractValue:
    target = inference.infer(node.target, env).core
    if target is None:
        return NEVER
    if isinstance(target, StdObject):
        member = _single_text(inference.infer(node.index, env))
        return ANYTHING if member is None else std_member(member)
    if isinstance(target, AbstractArray):
        return _element(target, node.index)
    if isinstance(target, Text):
        return TEXT
    name = inference.infer(node.index, env).core
    if not isinstance(target, AbstractObject) or not isinstance(name, Text) or name.values is None:
        return ANYTHING
    return join_all(
        find_field(inference, layers, text)
        for layers in target.alternatives
        for text in sorted(name.values)
    )


def _element(array: AbstractArray, index: n.Expr) -> AbstractValue:
    if array.items is not None and isinstance(index, n.Literal) and isinstance(index.value, float):
        position = int(index.value)
        return array.items[position].get() if 0 <= position < len(array.items) else NEVER
    return array.element.get()


def _single_text(value: AbstractValue) -> str | None:
    """The only possible text of a value, if it has just one."""
    if isinstance(value.core, Text) and value.core.values is not None:
        return next(iter(value.core.values)) if len(value.core.values) == 1 else None
    return None


def _apply(inference: Inference, node: n.Apply, env: AbstractEnvironment) -> AbstractValue:
    target = inference.infer(node.target, env).core
    positional = tuple(inference.later(a, env) for a in node.positional)
    named = {a.name: inference.later(a.value, env) for a in node.named}
    match target:
        case None:
            return NEVER
        case AbstractClosure() | AbstractClosures():
            return join_all(inference.call(f, positional, named) for f in closures_of(target))
        case StdFunctionName(name="native" | "extVar" as function) if positional:
            name = _single_text(positional[0].get())
            if name is None:
                return ANYTHING
            external = function == "extVar"
            return inference.external(name) if external else AbstractValue(NativeFunctionName(name))
        case StdFunctionName(name=name):
            return std_result(inference, name, positional, named)
        case NativeFunctionName(name=name):
            return native_result(inference, name, (*positional, *named.values()))
        case _:
            return ANYTHING


def _local(inference: Inference, node: n.Local, env: AbstractEnvironment) -> AbstractValue:
    variables = dict(env.variables)
    inner = AbstractEnvironment(variables, env.self_object, env.level)
    for bind in node.binds:
        variables[bind.name] = inference.later(bind.body, inner)
    return inference.infer(node.body, inner)


def _if(inference: Inference, node: n.If, env: AbstractEnvironment) -> AbstractValue:
    condition = inference.infer(node.condition, env).core
    known = condition.value if isinstance(condition, Boolean) else None
    then = inference.infer(node.then, env) if known is not False else NEVER
    then = _narrowed(node, then)
    if known is True:
        return then
    return join(then, NULL if node.otherwise is None else inference.infer(node.otherwise, env))


def _narrowed(node: n.If, then: AbstractValue) -> AbstractValue:
    """`a` in `if a == "text" then a`: this text."""
    condition = node.condition
    if not isinstance(condition, n.Binary) or condition.operator != "==":
        return then
    for one, other in ((condition.left, condition.right), (condition.right, condition.left)):
        if not isinstance(one, n.Literal) or not isinstance(one.value, str):
            continue
        if isinstance(then.core, Text) and _is_same_path(other, node.then):
            return constant(one.value)
    return then


def _is_same_path(one: n.Expr, other: n.Expr) -> bool:
    """Whether two expressions are the same fields of the same variable or of `self`."""
    match one, other:
        case n.Var(name=name), n.Var(name=same):
            return name == same
        case n.Self(), n.Self():
            return True
        case n.Index(), n.Index():
            return _is_same_path(one.target, other.target) and _is_same_path(one.index, other.index)
        case n.Literal(value=value), n.Literal(value=same):
            return type(value) is type(same) and value == same
        case _:
            return False


def _error(_: Inference, __: n.Error, ___: AbstractEnvironment) -> AbstractValue:
    return NEVER


def _unary(inference: Inference, node: n.Unary, env: AbstractEnvironment) -> AbstractValue:
    if node.operator == "!":
        operand = inference.infer(node.operand, env).core
        known = operand.value if isinstance(operand, Boolean) else None
        return BOOLEAN if known is None else AbstractValue(Boolean(not known))
    if node.operator == "~":
        return INTEGER
    core = inference.infer(node.operand, env).core
    return AbstractValue(core) if isinstance(core, Number | None) else NUMBER


def _binary(inference: Inference, node: n.Binary, env: AbstractEnvironment) -> AbstractValue:
    if node.operator in _COMPARISONS:
        return BOOLEAN
    if node.operator in _INTEGRAL:
        return INTEGER
    left, right = inference.infer(node.left, env), inference.infer(node.right, env)
    if node.operator in {"&&", "||"}:
        return join(BOOLEAN, right)
    if NEVER in (left, right):
        return NEVER
    if node.operator == "+":
        return _plus(left, right)
    if node.operator == "%" and isinstance(left.core, Text):
        return TEXT
    if isinstance(left.core, Number) and isinstance(right.core, Number):
        both = left.core.integer and right.core.integer
        return AbstractValue(Number(both and node.operator in _CLOSED_UNDER_INTEGERS))
    return ANYTHING if node.operator == "%" else NUMBER


def _plus(left: AbstractValue, right: AbstractValue) -> AbstractValue:
    match left.core, right.core:
        case Number(), Number():
            return join(AbstractValue(left.core), AbstractValue(right.core))
        case (Text(), _) | (_, Text()):
            return _joined_texts(left, right)
        case AbstractArray(), AbstractArray():
            return _concatenated(left.core, right.core)
        case AbstractObject(), AbstractObject():
            return merge_objects(left.core, right.core)
        case _:
            return ANYTHING


def _concatenated(left: AbstractArray, right: AbstractArray) -> AbstractValue:
    if left.items is not None and right.items is not None:
        return tuple_of([*left.items, *right.items])
    return array_of(LazyValue(lambda: join(left.element.get(), right.element.get())))


def _joined_texts(left: AbstractValue, right: AbstractValue) -> AbstractValue:
    lefts = left.core.values if isinstance(left.core, Text) and not left.nullable else None
    rights = right.core.values if isinstance(right.core, Text) and not right.nullable else None
    if lefts is None or rights is None or len(lefts) * len(rights) > len(lefts) + len(rights) + 64:
        return TEXT
    return text_of(*(a + b for a in lefts for b in rights))


def _import(inference: Inference, node: n.Import, _: AbstractEnvironment) -> AbstractValue:
    match node.kind:
        case "importstr":
            return TEXT
        case "importbin":
            return array_of(evaluated(INTEGER))
        case _:
            return inference.imported(node.path)


# Each rule takes the type of its key.
RULES: Final[
    Mapping[type[n.Node], Callable[[Inference, Any, AbstractEnvironment], AbstractValue]]
] = {
    n.Literal: _literal,
    n.Var: _var,
    n.Self: _self,
    n.SuperIndex: _super_index,
    n.InSuper: lambda *_: BOOLEAN,
    n.StdReference: _std_reference,
    n.Array: _array,
    n.ArrayComp: _array_comp,
    n.Function: _function,
    n.Object: _object,
    n.ObjectComp: _object_comp,
    n.Index: _index,
    n.Apply: _apply,
    n.Local: _local,
    n.If: _if,
    n.Error: _error,
    n.Unary: _unary,
    n.Binary: _binary,
    n.Import: _import,
}

"""One rule a construct: what it may evaluate to, from what its parts may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from eventer.jsonnet import nodes as n
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    WHOLE,
    AbstractArray,
    AbstractClosure,
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
    evaluated,
    join,
    text_of,
)
from eventer.plan.shape.constant_values import constant, join_all
from eventer.plan.shape.object_layers import FieldEnv, find_field, merge_objects
from eventer.plan.shape.result_types import native_result, std_result

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_INTEGRAL: Final = frozenset({"<<", ">>", "&", "^", "|"})
_CLOSED_UNDER_WHOLE: Final = frozenset({"+", "-", "*", "%"})


def _literal(_: Inference, node: n.Literal, __: AbstractEnvironment) -> AbstractValue:
    return constant(node.value)


def _var(_: Inference, node: n.Var, env: AbstractEnvironment) -> AbstractValue:
    thunk = env.variables.get(node.name)
    return thunk.get() if thunk is not None else ANYTHING


def _self(_: Inference, __: n.Self, env: AbstractEnvironment) -> AbstractValue:
    return (
        AbstractValue(AbstractObject((env.self_object,)))
        if env.self_object is not None
        else ANYTHING
    )


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
    elements = node.elements
    return AbstractValue(
        AbstractArray(LazyValue(lambda: join_all(inference.infer(e, env) for e in elements)))
    )


def _comprehension_env(
    inference: Inference, specs: tuple[n.CompSpec, ...], env: AbstractEnvironment
) -> AbstractEnvironment:
    for spec in specs:
        if isinstance(spec, n.ForSpec):
            source = inference.infer(spec.source, env).core
            element = source.element if isinstance(source, AbstractArray) else evaluated(ANYTHING)
            env = AbstractEnvironment(
                {**env.variables, spec.name: element}, env.self_object, env.level
            )
    return env


def _array_comp(inference: Inference, node: n.ArrayComp, env: AbstractEnvironment) -> AbstractValue:
    inner = _comprehension_env(inference, node.specs, env)
    return AbstractValue(AbstractArray(inference.later(node.body, inner)))


def _function(_: Inference, node: n.Function, env: AbstractEnvironment) -> AbstractValue:
    return AbstractValue(AbstractClosure(node, env))


def _object(inference: Inference, node: n.Object, env: AbstractEnvironment) -> AbstractValue:
    layer = AbstractLayer({})
    for field in node.fields:
        _add_field(layer, inference.infer(field.name, env), field, node, env)
    return AbstractValue(AbstractObject((ObjectLayers((layer,)),)))


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
    for text in name.core.values:
        known_field = AbstractField(
            field.body, locals_env, field.visibility, field.plus, conditional
        )
        layer.fields[text] = known_field


def _object_comp(_: Inference, __: n.ObjectComp, ___: AbstractEnvironment) -> AbstractValue:
    return AbstractValue(AbstractObject((ObjectLayers((AbstractLayer({}, open=True),)),)))


def _index(inference: Inference, node: n.Index, env: AbstractEnvironment) -> AbstractValue:
    target = inference.infer(node.target, env).core
    if isinstance(target, StdObject):
        return _std_member(inference.infer(node.index, env))
    if isinstance(target, AbstractArray):
        return target.element.get()
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


def _std_member(name: AbstractValue) -> AbstractValue:
    if isinstance(name.core, Text) and name.core.values is not None and len(name.core.values) == 1:
        return AbstractValue(StdFunctionName(next(iter(name.core.values))))
    return ANYTHING


def _apply(inference: Inference, node: n.Apply, env: AbstractEnvironment) -> AbstractValue:
    target = inference.infer(node.target, env).core
    positional = tuple(inference.later(a, env) for a in node.positional)
    named = {a.name: inference.later(a.value, env) for a in node.named}
    match target:
        case AbstractClosure():
            return inference.call(target, positional, named)
        case StdFunctionName(name="native") if positional:
            return _native(positional[0].get())
        case StdFunctionName(name="extVar") if positional:
            return _external(inference, positional[0].get())
        case StdFunctionName(name=name):
            return std_result(inference, name, (*positional, *named.values()))
        case NativeFunctionName(name=name):
            return native_result(name, (*positional, *named.values()))
        case _:
            return ANYTHING


def _native(name: AbstractValue) -> AbstractValue:
    member = _std_member(name).core
    return (
        AbstractValue(NativeFunctionName(member.name))
        if isinstance(member, StdFunctionName)
        else ANYTHING
    )


def _external(inference: Inference, name: AbstractValue) -> AbstractValue:
    member = _std_member(name).core
    return inference.external(member.name) if isinstance(member, StdFunctionName) else ANYTHING


def _local(inference: Inference, node: n.Local, env: AbstractEnvironment) -> AbstractValue:
    variables = dict(env.variables)
    inner = AbstractEnvironment(variables, env.self_object, env.level)
    for bind in node.binds:
        variables[bind.name] = inference.later(bind.body, inner)
    return inference.infer(node.body, inner)


def _if(inference: Inference, node: n.If, env: AbstractEnvironment) -> AbstractValue:
    condition = inference.infer(node.condition, env).core
    otherwise = NULL if node.otherwise is None else None
    if isinstance(condition, Boolean) and condition.value is True:
        return inference.infer(node.then, env)
    if otherwise is None and node.otherwise is not None:
        otherwise = inference.infer(node.otherwise, env)
    assert otherwise is not None
    if isinstance(condition, Boolean) and condition.value is False:
        return otherwise
    return join(inference.infer(node.then, env), otherwise)


def _error(_: Inference, __: n.Error, ___: AbstractEnvironment) -> AbstractValue:
    return NEVER


def _unary(inference: Inference, node: n.Unary, env: AbstractEnvironment) -> AbstractValue:
    if node.operator == "!":
        operand = inference.infer(node.operand, env).core
        known_value = operand.value if isinstance(operand, Boolean) else None
        return BOOLEAN if known_value is None else AbstractValue(Boolean(not known_value))
    if node.operator == "~":
        return WHOLE
    core = inference.infer(node.operand, env).core
    return AbstractValue(core) if isinstance(core, Number) else NUMBER


def _binary(inference: Inference, node: n.Binary, env: AbstractEnvironment) -> AbstractValue:
    if node.operator in _COMPARISONS:
        return BOOLEAN
    if node.operator in _INTEGRAL:
        return WHOLE
    left, right = inference.infer(node.left, env), inference.infer(node.right, env)
    if node.operator in {"&&", "||"}:
        return join(BOOLEAN, right)
    if node.operator == "+":
        return _plus(left, right)
    if node.operator == "%" and isinstance(left.core, Text):
        return TEXT
    if isinstance(left.core, Number) and isinstance(right.core, Number):
        whole = left.core.whole and right.core.whole and node.operator in _CLOSED_UNDER_WHOLE
        return AbstractValue(Number(whole))
    return ANYTHING if node.operator == "%" else NUMBER


def _plus(left: AbstractValue, right: AbstractValue) -> AbstractValue:
    match left.core, right.core:
        case Number(), Number():
            return AbstractValue(Number(left.core.whole and right.core.whole))
        case (Text(), _) | (_, Text()):
            return _joined_texts(left, right)
        case AbstractArray(), AbstractArray():
            return join(AbstractValue(left.core), AbstractValue(right.core))
        case AbstractObject(), AbstractObject():
            return merge_objects(left.core, right.core)
        case _:
            return ANYTHING


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
            return AbstractValue(AbstractArray(evaluated(WHOLE)))
        case _:
            return inference.imported(node.path)


# Each rule takes the type of node that it stands under.
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

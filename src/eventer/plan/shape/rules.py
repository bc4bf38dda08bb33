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
    Arr,
    Boolean,
    Closure,
    Env,
    KnownField,
    Layer,
    Layers,
    NativeFunction,
    Number,
    Obj,
    Std,
    StdFunction,
    Text,
    Thunk,
    Value,
    join,
    known,
    text_of,
)
from eventer.plan.shape.constants import constant, join_all
from eventer.plan.shape.objects import FieldEnv, find_field, merge_objects
from eventer.plan.shape.results import native_result, std_result

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!=", "in"})
_INTEGRAL: Final = frozenset({"<<", ">>", "&", "^", "|"})
_CLOSED_UNDER_WHOLE: Final = frozenset({"+", "-", "*", "%"})


def _literal(_: Inference, node: n.Literal, __: Env) -> Value:
    return constant(node.value)


def _var(_: Inference, node: n.Var, env: Env) -> Value:
    thunk = env.variables.get(node.name)
    return thunk.get() if thunk is not None else ANYTHING


def _self(_: Inference, __: n.Self, env: Env) -> Value:
    return Value(Obj((env.self_object,))) if env.self_object is not None else ANYTHING


def _super_index(inference: Inference, node: n.SuperIndex, env: Env) -> Value:
    name = inference.infer(node.index, env).core
    if env.self_object is None or not isinstance(name, Text) or name.values is None:
        return ANYTHING
    layers, level = env.self_object, env.level
    return join_all(find_field(inference, layers, text, level) for text in sorted(name.values))


def _builtin(_: Inference, node: n.Builtin, __: Env) -> Value:
    return Value(StdFunction(node.name))


def _array(inference: Inference, node: n.Array, env: Env) -> Value:
    elements = node.elements
    return Value(Arr(Thunk(lambda: join_all(inference.infer(e, env) for e in elements))))


def _comprehension_env(inference: Inference, specs: tuple[n.CompSpec, ...], env: Env) -> Env:
    for spec in specs:
        if isinstance(spec, n.ForSpec):
            source = inference.infer(spec.source, env).core
            element = source.element if isinstance(source, Arr) else known(ANYTHING)
            env = Env({**env.variables, spec.name: element}, env.self_object, env.level)
    return env


def _array_comp(inference: Inference, node: n.ArrayComp, env: Env) -> Value:
    inner = _comprehension_env(inference, node.specs, env)
    return Value(Arr(inference.later(node.body, inner)))


def _function(_: Inference, node: n.Function, env: Env) -> Value:
    return Value(Closure(node, env))


def _object(inference: Inference, node: n.Object, env: Env) -> Value:
    layer = Layer({})
    for field in node.fields:
        _add_field(layer, inference.infer(field.name, env), field, node, env)
    return Value(Obj((Layers((layer,)),)))


def _add_field(layer: Layer, name: Value, field: n.Field, node: n.Object, env: Env) -> None:
    if name.core is None:
        return
    if not isinstance(name.core, Text) or name.core.values is None:
        layer.open = True
        return
    conditional = name.nullable or len(name.core.values) > 1
    locals_env = FieldEnv(env, node.locals)
    for text in name.core.values:
        known_field = KnownField(field.body, locals_env, field.visibility, field.plus, conditional)
        layer.fields[text] = known_field


def _object_comp(_: Inference, __: n.ObjectComp, ___: Env) -> Value:
    return Value(Obj((Layers((Layer({}, open=True),)),)))


def _index(inference: Inference, node: n.Index, env: Env) -> Value:
    target = inference.infer(node.target, env).core
    if isinstance(target, Std):
        return _std_member(inference.infer(node.index, env))
    if isinstance(target, Arr):
        return target.element.get()
    if isinstance(target, Text):
        return TEXT
    name = inference.infer(node.index, env).core
    if not isinstance(target, Obj) or not isinstance(name, Text) or name.values is None:
        return ANYTHING
    return join_all(
        find_field(inference, layers, text)
        for layers in target.alternatives
        for text in sorted(name.values)
    )


def _std_member(name: Value) -> Value:
    if isinstance(name.core, Text) and name.core.values is not None and len(name.core.values) == 1:
        return Value(StdFunction(next(iter(name.core.values))))
    return ANYTHING


def _apply(inference: Inference, node: n.Apply, env: Env) -> Value:
    target = inference.infer(node.target, env).core
    positional = tuple(inference.later(a, env) for a in node.positional)
    named = {a.name: inference.later(a.value, env) for a in node.named}
    match target:
        case Closure():
            return inference.call(target, positional, named)
        case StdFunction(name="native") if positional:
            return _native(positional[0].get())
        case StdFunction(name="extVar") if positional:
            return _external(inference, positional[0].get())
        case StdFunction(name=name):
            return std_result(inference, name, (*positional, *named.values()))
        case NativeFunction(name=name):
            return native_result(name, (*positional, *named.values()))
        case _:
            return ANYTHING


def _native(name: Value) -> Value:
    member = _std_member(name).core
    return Value(NativeFunction(member.name)) if isinstance(member, StdFunction) else ANYTHING


def _external(inference: Inference, name: Value) -> Value:
    member = _std_member(name).core
    return inference.external(member.name) if isinstance(member, StdFunction) else ANYTHING


def _local(inference: Inference, node: n.Local, env: Env) -> Value:
    variables = dict(env.variables)
    inner = Env(variables, env.self_object, env.level)
    for bind in node.binds:
        variables[bind.name] = inference.later(bind.body, inner)
    return inference.infer(node.body, inner)


def _if(inference: Inference, node: n.If, env: Env) -> Value:
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


def _error(_: Inference, __: n.Error, ___: Env) -> Value:
    return NEVER


def _unary(inference: Inference, node: n.Unary, env: Env) -> Value:
    if node.operator == "!":
        operand = inference.infer(node.operand, env).core
        known_value = operand.value if isinstance(operand, Boolean) else None
        return BOOLEAN if known_value is None else Value(Boolean(not known_value))
    if node.operator == "~":
        return WHOLE
    core = inference.infer(node.operand, env).core
    return Value(core) if isinstance(core, Number) else NUMBER


def _binary(inference: Inference, node: n.Binary, env: Env) -> Value:
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
        return Value(Number(whole))
    return ANYTHING if node.operator == "%" else NUMBER


def _plus(left: Value, right: Value) -> Value:
    match left.core, right.core:
        case Number(), Number():
            return Value(Number(left.core.whole and right.core.whole))
        case (Text(), _) | (_, Text()):
            return _joined_texts(left, right)
        case Arr(), Arr():
            return join(Value(left.core), Value(right.core))
        case Obj(), Obj():
            return merge_objects(left.core, right.core)
        case _:
            return ANYTHING


def _joined_texts(left: Value, right: Value) -> Value:
    lefts = left.core.values if isinstance(left.core, Text) and not left.nullable else None
    rights = right.core.values if isinstance(right.core, Text) and not right.nullable else None
    if lefts is None or rights is None or len(lefts) * len(rights) > len(lefts) + len(rights) + 64:
        return TEXT
    return text_of(*(a + b for a in lefts for b in rights))


def _import(inference: Inference, node: n.Import, _: Env) -> Value:
    match node.kind:
        case "importstr":
            return TEXT
        case "importbin":
            return Value(Arr(known(WHOLE)))
        case _:
            return inference.imported(node.path)


# Each rule takes the type of node that it stands under.
RULES: Final[Mapping[type[n.Node], Callable[[Inference, Any, Env], Value]]] = {
    n.Literal: _literal,
    n.Var: _var,
    n.Self: _self,
    n.SuperIndex: _super_index,
    n.InSuper: lambda *_: BOOLEAN,
    n.Builtin: _builtin,
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

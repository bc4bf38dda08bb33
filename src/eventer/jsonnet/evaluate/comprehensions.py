"""Rules for arrays and for the comprehensions of arrays and objects.

An element has a frame of its own and a context of its own, H(H(K, site), i). In an object
comprehension the body of a field has the text of its name in the place of the innermost i; names
and conditions, which come before there is a name, have the number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.source import Span
from eventer.jsonnet.evaluate.object_literals import ObjectBodyCompiler, check_name, plus
from eventer.jsonnet.evaluate.scope import FIRST_VARIABLE, Layout, Scope
from eventer.jsonnet.layers import Layer, LayerField
from eventer.jsonnet.nodes import Array, ArrayComp, CompSpec, ForSpec, ObjectComp
from eventer.jsonnet.object_values import Object as ObjectValue
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array as ArrayValue
from eventer.jsonnet.values import Code, Frame, Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler

Emit: TypeAlias = Callable[[Frame], None]
Gather: TypeAlias = Callable[[Frame, Emit], None]
"""Runs `emit` on the frame of each element that passes, in order."""


def array(compiler: Compiler, node: Array, scope: Scope) -> Code:
    """`[a, b]`: each element computed when it is needed."""
    codes = [compiler.operand(each, scope) for each in node.elements]
    elements, count = compiler.runtime.meter.elements, len(codes)

    def make(frame: Frame) -> Value:
        elements(count)
        return ArrayValue([code(frame) for code in codes])

    return make


def array_comp(compiler: Compiler, node: ArrayComp, scope: Scope) -> Code:
    """`[body for … if …]`."""
    inner, gather = _specs(compiler, node.specs, scope)
    body = compiler.operand(node.body, inner.scope)
    inner.close()

    def make(frame: Frame) -> Value:
        items: list[Any] = []
        append = items.append
        gather(frame, lambda element: append(body(element)))
        return ArrayValue(items)

    return make


class ComprehensionScope:
    """The scope of what stands inside a comprehension; `close` once all of it is compiled."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.pads: list[tuple[list[None], Layout]] = []

    def close(self) -> None:
        """Gives the frames of the elements all the slots that what stands inside needs."""
        for pad, layout in self.pads:
            pad.extend(layout.pad(FIRST_VARIABLE + 1))


def _specs(
    compiler: Compiler, specs: tuple[CompSpec, ...], scope: Scope
) -> tuple[ComprehensionScope, Gather]:
    inner = ComprehensionScope(scope)
    stages: list[Callable[[Gather], Gather]] = []
    for spec in specs:
        if isinstance(spec, ForSpec):
            stages.append(_for(compiler, spec, inner))
        else:
            condition = compiler.code(spec.condition, inner.scope)
            stages.append(_if(condition, spec.condition.span))
    gather: Gather = _emit
    for stage in reversed(stages):
        gather = stage(gather)
    return inner, gather


def _emit(frame: Frame, emit: Emit) -> None:
    emit(frame)


def _for(
    compiler: Compiler, spec: ForSpec, inner: ComprehensionScope
) -> Callable[[Gather], Gather]:
    compiler.draw_key_uses += 1
    source = compiler.code(spec.source, inner.scope)
    layout, pad = Layout(), list[None]()
    inner.pads.append((pad, layout))
    inner.scope = inner.scope.inner(layout)
    inner.scope.declare(spec.name)
    meter, site, span = compiler.runtime.meter, spec.site, spec.source.span

    def stage(then: Gather) -> Gather:
        def each(frame: Frame, emit: Emit) -> None:
            array = source(frame)
            if array.__class__ is not ArrayValue:
                hint = "std.objectFields(…) and std.stringChars(…) make arrays"
                message = f"`for` needs an array, not {describe(array)}"
                raise EvaluationError(message, span, hint=hint)
            items, member = array.items, frame[1].element_context
            _charge(meter.element_bytes, len(items), span)
            for number, item in enumerate(items):
                meter.fuel -= 1
                if meter.fuel < 0:
                    _charge(meter.steps, 0, span)
                then([frame, member((site, number)), item, *pad], emit)

        return each

    return stage


def _charge(charge: Callable[[int], None], count: int, span: Span) -> None:
    try:
        charge(count)
    except TemplateError as error:
        error.at(span)
        raise


def _if(condition: Code, span: Any) -> Callable[[Gather], Gather]:
    def stage(then: Gather) -> Gather:
        def test(frame: Frame, emit: Emit) -> None:
            holds = condition(frame)
            if holds is True:
                then(frame, emit)
            elif holds is not False:
                raise EvaluationError(f"`if` needs a boolean, not {describe(holds)}", span)

        return test

    return stage


def object_comp(compiler: Compiler, node: ObjectComp, scope: Scope) -> Code:
    """`{ [name]: body for … }`: a layer for each field, which do not see each other as `super`."""
    inner, gather = _specs(compiler, node.specs, scope)
    name_code = compiler.code(node.name, inner.scope)
    compiler.draw_key_uses += node.plus
    members = ObjectBodyCompiler(compiler, inner.scope, node.locals)
    body = compiler.code(node.body, members.scope)
    object_code = members.object_code()
    object_code.uses_draw_key = True
    inner.close()
    site = [spec.site for spec in node.specs if isinstance(spec, ForSpec)][-1]
    step_of = compiler.runtime.step_of

    def make(frame: Frame) -> Value:
        layers: dict[str, Layer] = {}

        def emit(element: Frame) -> None:
            name = name_code(element)
            if name is None:
                return
            check_name(name, layers, node.name)
            code = plus(compiler, body, name) if node.plus else body
            member = LayerField(code, node.visibility, node.name.span)
            context = element[0][1].element_context((site, step_of(name)))
            layers[name] = Layer(object_code, {name: member}, element, context, len(layers))

        gather(frame, emit)
        return ObjectValue(tuple(layers.values()), False, True)

    return make

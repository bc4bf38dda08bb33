"""Rules for arrays and for the comprehensions of arrays and objects.

An element has its own frame and its own context, H(H(K, site), i). In an object comprehension, the
context of a field's body has the text of its name instead of the innermost number i; names and
conditions, evaluated before the name is known, have the number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.source import Span
from eventer.jsonnet.evaluate.object_literals import ObjectBodyCompiler, check_name
from eventer.jsonnet.evaluate.scope import FIRST_VARIABLE, Layout, Scope
from eventer.jsonnet.nodes import Array, ArrayComp, CompSpec, ForSpec, ObjectComp
from eventer.jsonnet.object_layers import Layer, LayerField
from eventer.jsonnet.object_values import Object as ObjectValue
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array as ArrayValue
from eventer.jsonnet.values import Code, Frame, Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler

Emit: TypeAlias = Callable[[Frame], None]
Gather: TypeAlias = Callable[[Frame, Emit], None]
"""Calls `emit` with the frame of each element that passes, in order."""


def array(compiler: Compiler, node: Array, scope: Scope) -> Code:
    """`[a, b]`: elements are computed lazily."""
    codes = [compiler.operand(each, scope) for each in node.elements]
    elements, count = compiler.runtime.meter.charge_elements, len(codes)

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
    """The scope inside a comprehension; call `close` once all of it is compiled."""

    def __init__(self, compiler: Compiler, scope: Scope) -> None:
        self.scope = scope
        self._compiler = compiler
        self._pads: list[tuple[list[None], Layout]] = []

    def enter_loop(self, spec: ForSpec) -> tuple[Code, list[None]]:
        """Declares the variable of a `for`.

        Returns:
            The code of the array, and the empty slots of an element's frame, filled by `close`.
        """
        self._compiler.draw_key_uses += 1
        source = self._compiler.code(spec.source, self.scope)
        layout, pad = Layout(), list[None]()
        self._pads.append((pad, layout))
        self.scope = self.scope.inner(layout)
        self.scope.declare(spec.name)
        return source, pad

    def close(self) -> None:
        """Gives the frames of the elements the slots that the code inside needs."""
        for pad, layout in self._pads:
            pad.extend(layout.pad(FIRST_VARIABLE + 1))


def _specs(
    compiler: Compiler, specs: tuple[CompSpec, ...], scope: Scope
) -> tuple[ComprehensionScope, Gather]:
    inner = ComprehensionScope(compiler, scope)
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
    source, pad = inner.enter_loop(spec)
    meter, site, span = compiler.runtime.meter, spec.site, spec.source.span

    def stage(then: Gather) -> Gather:
        def each(frame: Frame, emit: Emit) -> None:
            array = source(frame)
            if array.__class__ is not ArrayValue:
                hint = "std.objectFields(…) and std.stringChars(…) return arrays"
                message = f"`for` needs an array, not {describe(array)}"
                raise EvaluationError(message, span, hint=hint)
            items, member = array.items, frame[1].element_context
            _charge(meter.charge_element_bytes, len(items), span)
            for number, item in enumerate(items):
                meter.fuel -= 1
                if meter.fuel < 0:
                    _charge(meter.charge_steps, 0, span)
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
    """`{ [name]: body for … }`: a layer per field; `super` does not see other fields."""
    inner, gather = _specs(compiler, node.specs, scope)
    name_code = compiler.code(node.name, inner.scope)
    add_field = field_adder(node, inner, ObjectBodyCompiler(compiler, inner.scope, node.locals))

    def make(frame: Frame) -> Value:
        layers: dict[str, Layer] = {}
        gather(frame, lambda element: add_field(name_code(element), element, layers))
        return ObjectValue(tuple(layers.values()), False, True)

    return make


def field_adder(
    node: ObjectComp, inner: ComprehensionScope, members: ObjectBodyCompiler
) -> Callable[[Any, Frame, dict[str, Layer]], None]:
    """A function that adds the field of a name, in the frame of its element, to the layers.

    Compiles the body and closes the scope.
    """
    compiler = members.compiler
    compiler.draw_key_uses += node.plus
    body = compiler.code(node.body, members.scope)
    object_code = members.object_code()
    object_code.uses_draw_key = True
    inner.close()
    site = [spec.site for spec in node.specs if isinstance(spec, ForSpec)][-1]
    step_of = compiler.runtime.step_of

    def add_field(name: Any, element: Frame, layers: dict[str, Layer]) -> None:
        if name is None:
            return
        check_name(name, layers, node.name)
        code = members.plus(body, name) if node.plus else body
        member = LayerField(code, node.visibility, node.name.span)
        context = element[0][1].element_context((site, step_of(name)))
        layers[name] = Layer(object_code, {name: member}, element, context, len(layers))

    return add_field

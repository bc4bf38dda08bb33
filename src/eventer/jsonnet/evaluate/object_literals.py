"""Rules for object literals and `super`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventer.core.errors import EvaluationError, TemplateError
from eventer.jsonnet.evaluate.scope import Layout, Scope
from eventer.jsonnet.evaluate.variables import declare
from eventer.jsonnet.nodes import Assertion, Bind, Field, InSuper, Literal, Object, SuperIndex
from eventer.jsonnet.object_layers import (
    FIRST_OBJECT_VARIABLE,
    SELF_SLOT,
    SUPER_SLOT,
    Layer,
    LayerField,
    ObjectCode,
    single_layer_table,
    visible_names,
)
from eventer.jsonnet.object_values import Object as ObjectValue
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Code, Frame, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from eventer.jsonnet.evaluate.compiler import Compiler

_OBJECT_BYTES = 320
"""Charged for an object without computed fields."""


class ObjectBodyCompiler:
    """Compiles the locals, fields and asserts of an object, which share one layout."""

    def __init__(self, compiler: Compiler, scope: Scope, binds: Iterable[Bind]) -> None:
        self.compiler = compiler
        self._draw_key_uses_before = compiler.draw_key_uses
        self._layout = Layout(FIRST_OBJECT_VARIABLE, is_object=True)
        self.scope = scope.inner(self._layout)
        self._binds = declare(compiler, binds, self.scope)
        self._asserts: tuple[Code, ...] = ()

    def field(self, node: Field) -> Code:
        """The code of a field's body, without `+:`."""
        if node.plus:
            self.compiler.draw_key_uses += 1
        return self.compiler.code(node.body, self.scope)

    def plus(self, body: Code, name: str) -> Code:
        """`name+: body`: `super.name + body` if `super` has the field."""
        add = self.compiler.runtime.operators.add

        def extend(frame: Frame) -> Value:
            right = body(frame)
            own, below = frame[SELF_SLOT], frame[SUPER_SLOT]
            if not below or own.member_below(name, below) is None:
                return right  # type: ignore[no-any-return]  # code is untyped by design
            return add(own.get_super(name, below), right, frame[1].elements)

        return extend

    def member(self, field: Field, body: Code, name: str) -> LayerField:
        """A field of a name; `body` is the code of its value, without `+:`."""
        code = self.plus(body, name) if field.plus else body
        return LayerField(code, field.visibility, field.name.span)

    def asserts(self, nodes: Iterable[Assertion]) -> None:
        """Compiles the asserts."""
        self._asserts = tuple([_assertion(self.compiler, each, self.scope) for each in nodes])

    def object_code(self) -> ObjectCode:
        """The code that all layers share, once everything is compiled."""
        uses_draw_key = self.compiler.draw_key_uses > self._draw_key_uses_before
        pad = self._layout.pad(FIRST_OBJECT_VARIABLE)
        return ObjectCode(pad, self._binds, self._asserts, uses_draw_key=uses_draw_key)


def _assertion(compiler: Compiler, node: Assertion, scope: Scope) -> Code:
    condition = compiler.code(node.condition, scope)
    message = None if node.message is None else compiler.code(node.message, scope)
    to_string, span = compiler.runtime.operators.to_string, node.condition.span

    def check(frame: Frame) -> Value:
        holds = condition(frame)
        if holds is True:
            return True
        if holds is not False:
            raise EvaluationError(
                f"an assert condition must be a boolean, not {describe(holds)}", span
            )
        text = "Object assertion failed." if message is None else to_string(message(frame))
        raise EvaluationError(text, span)

    return check


def object_literal(compiler: Compiler, node: Object, scope: Scope) -> Code:
    """`{ … }`: one layer in the frame and context around it."""
    members = ObjectBodyCompiler(compiler, scope, node.locals)
    bodies = [members.field(field) for field in node.fields]
    members.asserts(node.asserts)
    object_code = members.object_code()
    if all(isinstance(field.name, Literal) for field in node.fields):
        return _fixed(members, node, bodies, object_code)
    return _computed(members, node, bodies, object_code, scope)


def _fixed(
    body_compiler: ObjectBodyCompiler, node: Object, bodies: list[Code], object_code: ObjectCode
) -> Code:
    """All names are literals: the members and their table are created once."""
    members: dict[str, LayerField] = {}
    for field, body in zip(node.fields, bodies, strict=True):
        name = field.name.value if isinstance(field.name, Literal) else None
        if name is None:
            continue
        if not isinstance(name, str) or name in members:
            return _refuse_name(field, name, set(members))
        members[name] = body_compiler.member(field, body, name)
    object_code.table = single_layer_table(members)
    object_code.visible_names = visible_names(object_code.table)
    has_asserts, uses_draw_key = bool(object_code.asserts), object_code.uses_draw_key
    meter = body_compiler.compiler.runtime.meter

    def make(frame: Frame) -> Value:
        meter.bytes_left -= _OBJECT_BYTES
        if meter.bytes_left < 0:
            meter.charge_bytes(0)
        return ObjectValue(
            (Layer(object_code, members, frame, frame[1]),), has_asserts, uses_draw_key
        )

    return make


def _computed(
    body_compiler: ObjectBodyCompiler,
    node: Object,
    bodies: list[Code],
    object_code: ObjectCode,
    scope: Scope,
) -> Code:
    """Some names are computed at each evaluation, outside the object."""
    has_asserts, uses_draw_key = bool(object_code.asserts), object_code.uses_draw_key
    compiler, make_member = body_compiler.compiler, body_compiler.member
    meter = compiler.runtime.meter
    fields: list[tuple[Code, Field, Code, LayerField | None]] = []
    for field, body in zip(node.fields, bodies, strict=True):
        name = compiler.code(field.name, scope)
        member = None if field.plus else make_member(field, body, "")
        fields.append((name, field, body, member))

    def make(frame: Frame) -> Value:
        meter.charge_bytes(_OBJECT_BYTES)
        members: dict[str, LayerField] = {}
        for name_code, field, body, member in fields:
            name = name_code(frame)
            if name is not None:
                check_name(name, members, field.name)
                members[name] = member or make_member(field, body, name)
        return ObjectValue(
            (Layer(object_code, members, frame, frame[1]),), has_asserts, uses_draw_key
        )

    return make


def _refuse_name(field: Field, name: Value, before: set[str]) -> Code:
    def refuse(_frame: Frame) -> Value:
        check_name(name, before, field.name)
        raise AssertionError("such a name is refused")

    return refuse


def check_name(name: Value, members: Any, node: Any) -> None:
    """Refuses names that are not strings or are defined already."""
    if name.__class__ is not str:
        raise EvaluationError(
            f"a field name must be a string or null, not {describe(name)}", node.span
        )
    if name in members:
        raise EvaluationError(f"the field {name!r} is defined twice", node.span)


def super_index(compiler: Compiler, node: SuperIndex, scope: Scope) -> Code:
    """`super.f`: the field of the layers below, with the same `self`."""
    index, span = compiler.code(node.index, scope), node.span
    depth, _ = scope.find_self()

    def read(frame: Frame) -> Value:
        name = index(frame)
        if name.__class__ is not str:
            raise EvaluationError(f"`super` needs a field name, not {describe(name)}", span)
        for _ in range(depth):
            frame = frame[0]
        try:
            return frame[SELF_SLOT].get_super(name, frame[SUPER_SLOT])  # type: ignore[no-any-return]  # frames are untyped by design
        except TemplateError as error:
            error.at(span)
            raise

    return read


def in_super(compiler: Compiler, node: InSuper, scope: Scope) -> Code:
    """`e in super`."""
    code, span = compiler.code(node.name, scope), node.span
    depth, _ = scope.find_self()

    def test(frame: Frame) -> Value:
        name = code(frame)
        if name.__class__ is not str:
            raise EvaluationError(f"`in super` needs a string, not {describe(name)}", span)
        for _ in range(depth):
            frame = frame[0]
        return frame[SELF_SLOT].member_below(name, frame[SUPER_SLOT]) is not None

    return test

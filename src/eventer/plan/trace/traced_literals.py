"""Traced rules for object literals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from eventer.core.errors import EvaluationError
from eventer.jsonnet.evaluate.compiler import Compiler
from eventer.jsonnet.evaluate.object_literals import ObjectBodyCompiler, check_name
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import Assertion, Field, InSuper, Object
from eventer.jsonnet.object_layers import SELF_SLOT, SUPER_SLOT, Layer, LayerField, ObjectCode
from eventer.jsonnet.values import Code, Frame
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic
from eventer.plan.trace.traced_compiler import TracedCompiler
from eventer.plan.trace.traced_expressions import located
from eventer.plan.trace.traced_objects import OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError


class TracedMembers(ObjectBodyCompiler):
    """Members with optional fields and asserts per row."""

    @property
    def tracer(self) -> Tracer:
        """The trace."""
        return cast("TracedCompiler", self.compiler).tracer

    def asserts(self, nodes: Iterable[Assertion]) -> None:
        """See `ObjectBodyCompiler.asserts`."""
        compiler = cast("TracedCompiler", self.compiler)
        self._asserts = tuple([_assertion(compiler, each, self.scope) for each in nodes])

    def plus(self, body: Code, name: str) -> Code:
        """`name+: body`: `super.name + body` in rows whose `super` has it."""
        add, tracer = self.compiler.runtime.operators.add, self.tracer

        def extend(frame: Frame) -> Any:
            right = body(frame)
            own, below = frame[SELF_SLOT], frame[SUPER_SLOT]
            present = own.present(name, below=below) if below else False

            def both() -> Any:
                return add(own.get_super(name, below), right, frame[1].elements)

            return tracer.choose(present, both, lambda: right)

        return extend


def _assertion(compiler: TracedCompiler, node: Assertion, scope: Scope) -> Code:
    condition, tracer = compiler.code(node.condition, scope), compiler.tracer
    if node.message is not None:
        compiler.code(node.message, scope)

    def fail() -> Any:
        raise EvaluationError("an object's assert fails", node.condition.span)

    def check(frame: Frame) -> Any:
        holds = tracer.simplified(condition(frame))
        if holds is True:
            return True
        if isinstance(holds, Symbol) and holds.node.type in {Type.BOOLEAN, Type.DICTIONARY}:
            return tracer.choose(holds, lambda: True, fail)
        if isinstance(holds, Symbolic):
            raise PlanUnsupportedError("an assert condition may not be a boolean")
        return fail()

    return located(check, node.condition.span)


def object_literal(compiler: Compiler, node: Object, scope: Scope) -> Code:
    """`{ … }`: fields whose names differ between rows are optional."""
    traced = cast("TracedCompiler", compiler)
    members = TracedMembers(compiler, scope, node.locals)
    bodies = [members.field(field) for field in node.fields]
    members.asserts(node.asserts)
    object_code = members.object_code()
    names = [compiler.code(field.name, scope) for field in node.fields]
    fields = list(zip(names, node.fields, bodies, strict=True))

    def make(frame: Frame) -> Any:
        found: dict[str, LayerField] = {}
        for name, field, body in fields:
            _add_field(members, found, traced.tracer.simplified(name(frame)), field, body)
        return _literal(traced.tracer, object_code, found, frame)

    return located(make, node.span)


def _literal(
    tracer: Tracer, object_code: ObjectCode, members: dict[str, LayerField], frame: Frame
) -> Any:
    layer = Layer(object_code, members, frame, frame[1])
    return TracedObject(
        tracer,
        (layer,),
        has_asserts=bool(object_code.asserts),
        uses_draw_key=object_code.uses_draw_key,
    )


def _add_field(
    members: TracedMembers, found: dict[str, LayerField], name: Any, field: Field, body: Code
) -> None:
    if name is None:
        return
    if not isinstance(name, Symbolic):
        check_name(name, found, field.name)
        found[name] = members.member(field, body, name)
        return
    for each, condition in _alternatives(members.tracer, name, field):
        if each in found:
            raise PlanUnsupportedError(f"the field {each!r} may be defined twice", field.name.span)
        code = members.member(field, body, each).body
        found[each] = OptionalMember(code, field.visibility, field.name.span, condition)


def _alternatives(tracer: Tracer, name: Any, field: Field) -> Sequence[tuple[str, Symbol]]:
    """Each possible name of a field, with its condition."""
    if not isinstance(name, Symbol) or name.node.type is not Type.DICTIONARY:
        raise PlanUnsupportedError(
            "a computed field name has too many possible values", field.name.span
        )
    entries, live = name.node.entries, tracer.live(name.node)
    if any(not isinstance(entries[code], str | None) for code in live):
        raise PlanUnsupportedError(
            "a computed field name is not a string or null in all events", field.name.span
        )
    names = dict.fromkeys(entries[code] for code in sorted(live) if entries[code] is not None)
    return [(each, _is_entry(tracer, name, each)) for each in names]


def _is_entry(tracer: Tracer, name: Symbol, expected: str) -> Symbol:
    matches = tuple(entry == expected for entry in name.node.entries)
    return tracer.compute("entries", [name], Type.DICTIONARY, entries=matches)


def in_super(compiler: Compiler, node: InSuper, scope: Scope) -> Code:
    """`e in super`."""
    code = compiler.code(node.name, scope)
    depth, _ = scope.find_self()

    def test(frame: Frame) -> Any:
        name = code(frame)
        if isinstance(name, Symbolic):
            raise PlanUnsupportedError("a field of `super` is accessed by a random name")
        if not isinstance(name, str):
            raise EvaluationError("`in super` needs a string")
        for _ in range(depth):
            frame = frame[0]
        below = frame[SUPER_SLOT]
        return frame[SELF_SLOT].present(name, below=below) if below else False

    return located(test, node.span)

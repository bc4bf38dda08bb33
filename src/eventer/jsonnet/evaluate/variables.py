"""Rules for variables, `self` and `local`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from eventer.core.errors import TemplateError
from eventer.jsonnet.error_trace import add_trace_frame
from eventer.jsonnet.evaluate.scope import Scope, slot_reader
from eventer.jsonnet.nodes import Bind, Local, Self, Var
from eventer.jsonnet.values import Code, Frame, Thunk, Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler


def variable(compiler: Compiler, node: Var, scope: Scope) -> Code:
    """`x`: the value in its slot, forced once."""
    del compiler
    found = scope.find(node.name)
    assert isinstance(found, tuple)
    depth, slot = found
    if depth == 0:
        return _here(node, slot)
    if depth == 1:
        return _one_out(node, slot)
    return _further_out(node, depth, slot)


def _here(node: Var, slot: int) -> Code:
    def read(frame: Frame) -> Value:
        value = frame[slot]
        if value.__class__ is Thunk:
            value = frame[slot] = _forced(value, node)
        return value  # type: ignore[no-any-return]  # frames are untyped by design

    return read


def _one_out(node: Var, slot: int) -> Code:
    def read(frame: Frame) -> Value:
        outer = frame[0]
        value = outer[slot]
        if value.__class__ is Thunk:
            value = outer[slot] = _forced(value, node)
        return value  # type: ignore[no-any-return]  # frames are untyped by design

    return read


def _further_out(node: Var, depth: int, slot: int) -> Code:
    hops = range(depth)

    def read(frame: Frame) -> Value:
        for _ in hops:
            frame = frame[0]
        value = frame[slot]
        if value.__class__ is Thunk:
            value = frame[slot] = _forced(value, node)
        return value  # type: ignore[no-any-return]  # frames are untyped by design

    return read


def _forced(thunk: Thunk, node: Var) -> Value:
    try:
        return thunk.force()
    except TemplateError as error:
        add_trace_frame(error, f"`{node.name}`", node.span)
        raise


def self_object(compiler: Compiler, _node: Self, scope: Scope) -> Code:
    """`self`: the object whose layer this is."""
    del compiler
    depth, slot = scope.find_self()
    return slot_reader(depth, slot)


def declare(
    compiler: Compiler, binds: Iterable[Bind], scope: Scope
) -> tuple[tuple[int, Code], ...]:
    """Declares a recursive group of names; returns (slot, code of the operand) pairs.

    Names bound to constants have no slot.
    """
    binds = list(binds)
    slots = {bind.name: scope.declare(bind.name) for bind in binds}
    for bind in binds:
        constant = compiler.constant(bind.body, scope)
        if constant is not None:
            scope.names[bind.name] = constant
            del slots[bind.name]
    needed = [bind for bind in binds if bind.name in slots]
    return tuple([(slots[bind.name], compiler.bound(bind.body, scope)) for bind in needed])


def local(compiler: Compiler, node: Local, scope: Scope, *, tail: bool = False) -> Code:
    """`local x = …; body`: fills slots of the frame around it."""
    inner = scope.block()
    slots = declare(compiler, node.binds, inner)
    body = compiler.code(node.body, inner, tail=tail)
    if not slots:
        return body
    if len(slots) == 1:
        return _one_local(*slots[0], body)

    def several(frame: Frame) -> Value:
        for slot, code in slots:
            frame[slot] = code(frame)
        return body(frame)  # type: ignore[no-any-return]  # code is untyped by design

    return several


def _one_local(slot: int, code: Code, body: Code) -> Code:
    def one(frame: Frame) -> Value:
        frame[slot] = code(frame)
        return body(frame)  # type: ignore[no-any-return]  # code is untyped by design

    return one

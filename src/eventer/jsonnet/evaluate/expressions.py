"""Rules for indexing, conditions, errors, unary operators and imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.source import Span
from eventer.jsonnet.arithmetic import bit_not
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import Error, If, Import, Index, Literal, Unary
from eventer.jsonnet.object_values import MISSING, Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.std.byte_codecs import decode_utf8
from eventer.jsonnet.values import Array, Code, Frame, Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler


def index(compiler: Compiler, node: Index, scope: Scope) -> Code:
    """`target.name`, `target[index]`."""
    target = compiler.code(node.target, scope)
    if isinstance(node.index, Literal) and isinstance(node.index.value, str):
        return _field(target, node.index.value, node)
    return _element(target, compiler.code(node.index, scope), node)


def _field(target: Code, name: str, node: Index) -> Code:
    def read(frame: Frame) -> Value:
        value = target(frame)
        if value.__class__ is not Object:
            raise EvaluationError(
                f"cannot read field {name!r} of {describe(value)}",
                node.span,
                hint=_no_field(value),
            )
        field: Any = value.cache.get(name, MISSING)
        return _get(value, name, node) if field is MISSING else field

    return read


def _get(value: Object, name: str, node: Index) -> Value:
    try:
        return value.get(name)
    except TemplateError as error:
        error.at(node.index.span)
        raise


def _no_field(value: Value) -> str | None:
    if isinstance(value, Array):
        return "arrays are indexed by number: [0] is the first element"
    return None


def _element(target: Code, index: Code, node: Index) -> Code:
    def read(frame: Frame) -> Value:
        value, key = target(frame), index(frame)
        if isinstance(value, Object):
            if not isinstance(key, str):
                message = f"an object index must be a string, not {describe(key)}"
                raise EvaluationError(message, node.index.span)
            return _get(value, key, node)
        if not isinstance(value, Array | str):
            raise EvaluationError(f"cannot index {describe(value)}", node.span)
        if not isinstance(key, float):
            message = f"{describe(value)} is indexed by a number, not {describe(key)}"
            raise EvaluationError(message, node.index.span)
        number, size = int(key), len(value)
        if not 0 <= number < size:
            raise EvaluationError(
                f"index {key:g} is out of range for {describe(value)} of length {size}",
                node.index.span,
                hint=f"indexes go from 0 to {size - 1}" if size else "it is empty",
            )
        try:
            return value[number]
        except TemplateError as error:
            error.at(node.span)
            raise

    return read


def condition(compiler: Compiler, node: If, scope: Scope, *, tail: bool = False) -> Code:
    """`if condition then … else …`."""
    assert node.otherwise is not None
    test = compiler.code(node.condition, scope)
    then = compiler.code(node.then, scope, tail=tail)
    otherwise = compiler.code(node.otherwise, scope, tail=tail)
    span = node.condition.span

    def choose(frame: Frame) -> Value:
        holds = test(frame)
        if holds is True:
            return then(frame)  # type: ignore[no-any-return]  # code is untyped by design
        if holds is False:
            return otherwise(frame)  # type: ignore[no-any-return]  # code is untyped by design
        raise EvaluationError(f"a condition must be a boolean, not {describe(holds)}", span)

    return choose


def error(compiler: Compiler, node: Error, scope: Scope) -> Code:
    """`error message`."""
    message, to_string, span = (
        compiler.code(node.message, scope),
        compiler.runtime.operators.to_string,
        node.span,
    )

    def fail(frame: Frame) -> Value:
        text = to_string(message(frame))
        raise EvaluationError(text, span)

    return fail


def unary(compiler: Compiler, node: Unary, scope: Scope) -> Code:
    """`+ - ! ~`."""
    operand = compiler.code(node.operand, scope)
    if node.operator == "!":
        return _negation(operand, node.span)
    change: Callable[[float], float] = {
        "-": lambda number: -number,
        "+": lambda number: number,
        "~": bit_not,
    }[node.operator]

    def compute(frame: Frame) -> Value:
        value = operand(frame)
        if value.__class__ is not float:
            message = f"unary `{node.operator}` takes a number, not {describe(value)}"
            raise EvaluationError(message, node.span)
        return change(value)

    return compute


def _negation(operand: Code, span: Span) -> Code:
    def negate(frame: Frame) -> Value:
        value = operand(frame)
        if value is True or value is False:
            return not value
        raise EvaluationError(f"`!` needs a boolean, not {describe(value)}", span)

    return negate


def imported(compiler: Compiler, node: Import, _scope: Scope) -> Code:
    """`import`, `importstr`, `importbin`: all imports of a file give the same value."""
    imports, meter, path, span = compiler.imports, compiler.runtime.meter, node.path, node.span

    def code(_frame: Frame) -> Value:
        try:
            return imports.value(path)
        except TemplateError as error:
            error.at(span)
            raise

    def text(_frame: Frame) -> Value:
        data = imports.data(path)
        meter.charge_bytes(len(data))
        return decode_utf8(data)

    def octets(_frame: Frame) -> Value:
        data = imports.data(path)
        meter.charge_elements(len(data))
        return Array([float(octet) for octet in data])

    return {"import": code, "importstr": text, "importbin": octets}[node.kind]

"""Rules for functions and their application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eventer.core.errors import EvaluationError, TemplateError
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.error_trace import add_trace_frame
from eventer.jsonnet.evaluate.closures import (
    NO_NAMED_ARGUMENTS,
    TAIL_CALL,
    Closure,
    FunctionCode,
    run_body,
    run_tail_calls,
)
from eventer.jsonnet.evaluate.native_functions import NativeFunction, unknown_native
from eventer.jsonnet.evaluate.scope import Constant, Layout, Scope
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.nodes import Apply, Function, Literal, Var
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Code, Frame, Operand, Value, force
from eventer.jsonnet.values import Function as FunctionValue

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler


def function(compiler: Compiler, node: Function, scope: Scope) -> Code:
    """`function(params) body`: a closure over the frame around it."""
    layout = Layout()
    inner = scope.inner(layout)
    for param in node.params:
        inner.declare(param.name)
    defaults = tuple(
        [None if p.default is None else compiler.code(p.default, inner) for p in node.params]
    )
    body = compiler.function_body(compiler.code(node.body, inner, tail=True), defaults)
    names = tuple([param.name for param in node.params])
    pad = layout.pad(layout.first + len(names))
    code = FunctionCode(node.name, names, defaults, body, pad)

    def close(frame: Frame) -> Value:
        return Closure(code, frame)

    return close


def apply(compiler: Compiler, node: Apply, scope: Scope, *, tail: bool = False) -> Code:
    """`target(arguments)`, in a context of its own."""
    compiler.draw_key_uses += 1
    target = compiler.constant(node.target, scope)
    if target is not None:
        known = _static_call(compiler, node, scope, target)
        if known is not None:
            return known
    return _DynamicCall(compiler, node, scope).code(tail=tail)


def _static_call(compiler: Compiler, node: Apply, scope: Scope, target: Constant) -> Code | None:
    """Faster code for a call whose function is known, or None."""
    value = target.value
    if target.unknown is not None:
        return _unknown(compiler, node, target.unknown)
    if node.named:
        return None
    if isinstance(value, NativeFunction):
        return _native(compiler, node, scope, value)
    if isinstance(value, StdFunction) and len(node.positional) == len(value.spec.params):
        return _library(compiler, node, scope, value)
    return None


def _unknown(compiler: Compiler, node: Apply, named: Apply) -> Code:
    natives, literal = compiler.runtime.environment.natives, named.positional[0]
    name = str(literal.value) if isinstance(literal, Literal) else ""
    what = node.target.name if isinstance(node.target, Var) else name

    def refuse(_frame: Frame) -> Value:
        error = unknown_native(name, natives, named.span)
        add_trace_frame(error, f"the call of `{what}`", node.span)
        raise error

    return refuse


def _native(compiler: Compiler, node: Apply, scope: Scope, function: NativeFunction) -> Code | None:
    """A native called by position; known arguments are manifested once."""
    if not _fits(function, len(node.positional)):
        return None
    constants = [compiler.constant(each, scope) for each in node.positional]
    runtime, native, site, span = compiler.runtime, function.native, node.site, node.span
    what, from_json = f"{function.name}(…)", compiler.runtime.from_json
    codes = [compiler.code(each, scope) for each in node.positional]
    absent = [None] * (len(function.parameters) - len(codes))
    python, meter = runtime.manifest.python, runtime.meter
    known: list[Any] | None = None
    if all(c is not None and not isinstance(c.value, FunctionValue) for c in constants):
        known = [*[python(c.value) for c in constants if c is not None], *absent]

    def call(frame: Frame) -> Value:
        meter.fuel -= 1
        if meter.fuel < 0:
            meter.refuel()
        try:
            given = [*[python(code(frame)) for code in codes], *absent] if known is None else known
            return from_json(native.call(given, frame[1].child(site).key))
        except TemplateError as error:
            add_trace_frame(error, what, span)
            raise

    return call


def _fits(function: FunctionValue, count: int) -> bool:
    parameters = function.parameters
    return count <= len(parameters) and all(optional for _, optional in parameters[count:])


def _library(compiler: Compiler, node: Apply, scope: Scope, function: StdFunction) -> Code:
    """A function of `std` with all arguments by position: strict ones need no thunks."""
    params = function.spec.params
    codes = [
        compiler.operand(each, scope) if param.lazy else compiler.code(each, scope)
        for param, each in zip(params, node.positional, strict=True)
    ]
    steps, span, what, invoke = (node.site,), node.span, function.name, function.invoke

    def call(frame: Frame) -> Value:
        try:
            return invoke(frame[1], steps, [code(frame) for code in codes], span)
        except TemplateError as error:
            add_trace_frame(error, what, span)
            raise

    return call


class _DynamicCall:
    """A call whose function is known at run time only."""

    def __init__(self, compiler: Compiler, node: Apply, scope: Scope) -> None:
        self._node = node
        self._meter = compiler.runtime.meter
        self._target = compiler.callee(node.target, scope)
        compile_ = compiler.code if node.tailstrict else compiler.operand
        self._codes = tuple([compile_(each, scope) for each in node.positional])
        self._named = [(each.name, compile_(each.value, scope)) for each in node.named]

    def code(self, *, tail: bool) -> Code:
        """The code; in tail position, a tailstrict call is stored in the meter."""
        if self._node.tailstrict:
            return self._strict(tail=tail)
        return self._by_name() if self._named else self._by_position()

    def _by_position(self) -> Code:
        """The common case."""
        target, meter, count = self._target, self._meter, len(self._codes)
        node, site, gather = self._node, self._node.site, _gather(self._codes)

        def call(frame: Frame) -> Value:
            function = target(frame)
            if function.__class__ is not Closure:
                return _enter(function, frame, gather(frame), NO_NAMED_ARGUMENTS, node)
            try:
                meter.fuel -= 1
                if meter.fuel < 0:
                    meter.refuel()
                meter.depth -= 1
                if meter.depth < 0:
                    raise meter.too_deep()
                code, context = function.code, frame[1].child(site)
                if code.count == count:
                    inner = [function.frame, context, *gather(frame), *code.pad]
                else:
                    inner = function.bind(context, gather(frame), NO_NAMED_ARGUMENTS)
                value = code.body(inner)
                if value is TAIL_CALL:
                    value = run_tail_calls(meter)
            except TemplateError as error:
                add_trace_frame(error, f"function {function.name}", node.span)
                raise
            meter.depth += 1
            return value  # type: ignore[no-any-return]  # code is untyped by design

        return call

    def _by_name(self) -> Code:
        node, target, gather = self._node, self._target, _gather(self._codes)
        names = self._named

        def call(frame: Frame) -> Value:
            function = target(frame)
            return _enter(function, frame, gather(frame), _by_names(names, frame, node), node)

        return call

    def _strict(self, *, tail: bool) -> Code:
        """`tailstrict`: forces all arguments and defaults before the body runs."""
        node, target, gather = self._node, self._target, _gather(self._codes)
        names, meter, site = self._named, self._meter, self._node.site

        def call(frame: Frame) -> Value:
            function = target(frame)
            positional = gather(frame)
            named = _by_names(names, frame, node) if names else NO_NAMED_ARGUMENTS
            if function.__class__ is not Closure:
                return _enter(function, frame, positional, named, node)
            try:
                code, inner = function.code, function.bind(frame[1].child(site), positional, named)
                if len(positional) + len(named) < code.count:
                    inner[2 : code.count + 2] = map(force, inner[2 : code.count + 2])
                if not tail:
                    return _run(function, inner, meter)
            except TemplateError as error:
                add_trace_frame(error, f"function {function.name}", node.span)
                raise
            meter.tail = (code.body, inner)
            return TAIL_CALL  # type: ignore[return-value]  # only bodies return it

        return call


def _run(function: Closure, inner: Frame, meter: Meter) -> Value:
    meter.charge_steps(1)
    meter.depth -= 1
    if meter.depth < 0:
        raise meter.too_deep()
    value = run_body(function.code.body, inner, meter)
    meter.depth += 1
    return value


def _by_names(
    names: Sequence[tuple[str, Code]], frame: Frame, node: Apply
) -> Mapping[str, Operand]:
    named = {name: code(frame) for name, code in names}
    if len(named) < len(names):
        raise EvaluationError("an argument is given twice", node.span)
    return named


def _enter(
    function: Value,
    frame: Frame,
    positional: Sequence[Operand],
    named: Mapping[str, Operand],
    node: Apply,
) -> Value:
    context = frame[1]
    if not isinstance(function, FunctionValue):
        hint = "only functions can be called"
        raise EvaluationError(f"cannot call {describe(function)}", node.span, hint=hint)
    try:
        if isinstance(function, StdFunction):
            return function.call(context, (node.site,), positional, named, node.span)
        return function.enter(context.child(node.site), positional, named, node.span)
    except TemplateError as error:
        add_trace_frame(error, f"function {function.name}", node.span)
        raise


def _gather(codes: tuple[Code, ...]) -> Callable[[Frame], list[Any]]:
    """The operands of the arguments; written out for up to three, which is faster."""
    if not codes:
        return lambda _frame: []
    if len(codes) == 1:
        (first,) = codes
        return lambda frame: [first(frame)]
    if len(codes) == 2:
        first, second = codes
        return lambda frame: [first(frame), second(frame)]
    if len(codes) == 3:
        one, two, three = codes
        return lambda frame: [one(frame), two(frame), three(frame)]
    return lambda frame: [code(frame) for code in codes]

"""Traced rule for object comprehensions.

Elements are evaluated in order. If a name or a condition differs between rows, the rest is
evaluated for each of its values, in the rows with that value. The result is then a choice of
objects with known fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.jsonnet.evaluate.compiler import Compiler
from eventer.jsonnet.evaluate.comprehensions import ComprehensionScope, field_adder
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import CompSpec, ForSpec, ObjectComp
from eventer.jsonnet.object_layers import Layer
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array, Code, Frame
from eventer.plan.graph import Type
from eventer.plan.symbols import Choice, Symbol, Symbolic
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.traced_compiler import TracedCompiler
from eventer.plan.trace.traced_expressions import located
from eventer.plan.trace.traced_literals import TracedMembers
from eventer.plan.trace.traced_objects import TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError

MAX_DECISIONS: Final = 4
"""Nested dictionaries and conditions that the fields of an object can depend on."""

Layers: TypeAlias = dict[str, Layer]


@dataclass(frozen=True, slots=True)
class _Step:
    """A `for`, an `if` or the field name: it evaluates `ask`, and gives the next step's frames."""

    ask: Code
    frames: Callable[[Any, Frame], Sequence[Frame]]
    span: Span


@dataclass(frozen=True, slots=True)
class _Progress:
    """Pending steps and frames (a stack), the fields so far, and the remaining decisions."""

    pending: tuple[tuple[int, Frame], ...]
    layers: Layers
    remaining_decisions: int = MAX_DECISIONS


class _ElementWalk:
    """Evaluates the elements of a comprehension."""

    def __init__(
        self, tracer: Tracer, steps: Sequence[_Step], add: Callable[[Any, Frame, Layers], None]
    ) -> None:
        self._tracer = tracer
        self._steps = steps
        self._add = add

    def run(self, progress: _Progress) -> Any:
        """The object, or a choice of objects."""
        pending, layers = list(progress.pending), dict(progress.layers)
        while pending:
            number, frame = pending.pop()
            step = self._steps[number]
            value = self._tracer.simplified(step.ask(frame))
            if isinstance(value, Symbolic):
                left = replace(progress, pending=tuple(pending), layers=layers)
                return self._decided(left, number, frame, value)
            self._go(pending, layers, number, frame, value)
        return TracedObject(
            self._tracer, tuple(layers.values()), has_asserts=False, uses_draw_key=True
        )

    def _go(
        self,
        pending: list[tuple[int, Frame]],
        layers: Layers,
        number: int,
        frame: Frame,
        value: Any,
    ) -> None:
        if number == len(self._steps) - 1:
            self._add(value, frame, layers)
        else:
            frames = self._steps[number].frames(value, frame)
            pending += [(number + 1, each) for each in reversed(frames)]

    def _decided(self, progress: _Progress, number: int, frame: Frame, value: Any) -> Any:
        """Continues for each value of a symbol, in the rows with that value."""
        tracer, span = self._tracer, self._steps[number].span
        if progress.remaining_decisions == 0:
            raise PlanUnsupportedError(
                "the fields of an object comprehension differ between events", span
            )

        def with_known(known: Any) -> Any:
            known = tracer.simplified(known)
            left = replace(progress, remaining_decisions=progress.remaining_decisions - 1)
            if isinstance(known, Symbolic):
                return self._decided(left, number, frame, known)
            pending, layers = list(left.pending), dict(left.layers)
            self._go(pending, layers, number, frame, known)
            return self.run(replace(left, pending=tuple(pending), layers=layers))

        if isinstance(value, Choice):
            return tracer.distribute(value, with_known)
        if isinstance(value, Symbol) and value.node.type is Type.BOOLEAN:
            return tracer.choose(value, lambda: with_known(True), lambda: with_known(False))
        if isinstance(value, Symbol) and value.node.type is Type.DICTIONARY:
            return split_by_entry(tracer, value, with_known, span)
        raise PlanUnsupportedError(
            "the fields of an object comprehension differ between events", span
        )


def object_comp(compiler: Compiler, node: ObjectComp, scope: Scope) -> Code:
    """`{ [name]: body for … }`, over arrays of known lengths."""
    traced = cast("TracedCompiler", compiler)
    inner = ComprehensionScope(compiler, scope)
    steps = [_step(traced, spec, inner) for spec in node.specs]
    steps.append(_Step(compiler.code(node.name, inner.scope), _no_frames, node.name.span))
    members = TracedMembers(compiler, inner.scope, node.locals)
    walk = _ElementWalk(traced.tracer, steps, field_adder(node, inner, members))
    return located(lambda frame: walk.run(_Progress(((0, frame),), {})), node.span)


def _no_frames(_value: Any, _frame: Frame) -> Sequence[Frame]:
    return ()


def _step(compiler: TracedCompiler, spec: CompSpec, inner: ComprehensionScope) -> _Step:
    if isinstance(spec, ForSpec):
        return _for(compiler, spec, inner)

    def kept(holds: Any, frame: Frame) -> Sequence[Frame]:
        if holds is not True and holds is not False:
            raise EvaluationError(
                f"`if` needs a boolean, not {describe(holds)}", spec.condition.span
            )
        return (frame,) if holds else ()

    return _Step(compiler.code(spec.condition, inner.scope), kept, spec.condition.span)


def _for(compiler: TracedCompiler, spec: ForSpec, inner: ComprehensionScope) -> _Step:
    source, pad = inner.enter_loop(spec)

    def elements(value: Any, frame: Frame) -> Sequence[Frame]:
        if not isinstance(value, Array):
            raise EvaluationError(f"`for` needs an array, not {describe(value)}", spec.source.span)
        compiler.runtime.meter.charge_elements(len(value.items))
        context = frame[1]
        return [
            [frame, context.element_context((spec.site, number)), item, *pad]
            for number, item in enumerate(value.items)
        ]

    return _Step(located(source, spec.source.span), elements, spec.source.span)

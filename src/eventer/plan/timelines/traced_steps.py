"""Finds the columns of a timeline's steps in a traced template.

The structure of a step (its number, `after` and `to`) and its body (the program that writes its
event) are separate: the structure decides which rows raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.core.model import WrittenPart
from eventer.core.timelines import MAX_STEPS
from eventer.core.written_part import omitted_fields, value_tokens
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, force
from eventer.plan.field_sources import FieldSource, TracedPart, value_at
from eventer.plan.graph import Domain, Node, Type
from eventer.plan.row_program import BoundRowProgram
from eventer.plan.row_program_writer import NOTHING, RowProgramWriter
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, SymbolicList
from eventer.plan.timelines.field_columns import FieldRequest
from eventer.plan.timelines.step_values import STEP_FIELDS
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.row_views import lift_list, position_in
from eventer.plan.trace.traced_objects import TracedObject, object_of_dictionary
from eventer.plan.trace.tracer import Tracer


@dataclass(frozen=True, slots=True, eq=False)
class StepSource:
    """One step for each row of `domain`.

    `after` is a number of seconds, a text, or a column of one of them; `to` a text, null, or a
    column. The programs write the event and the part of it that is written; `whole` and `part` are
    their values.
    """

    domain: Domain
    number: int | Node
    after: float | str | Node
    to: str | Node | None
    event: BoundRowProgram
    written: BoundRowProgram
    whole: TracedPart
    part: TracedPart
    field_sources: dict[FieldRequest, tuple[FieldSource, ...]] = field(default_factory=dict)
    """The sources of the fields that were requested."""


class StepTracer:
    """Collects the sources of all steps; rows with a malformed step are recorded as raising."""

    def __init__(self, tracer: Tracer, part: WrittenPart) -> None:
        self._tracer = tracer
        self._part = part
        self._sources: list[StepSource] = []

    def sources(self, timeline: Any) -> tuple[StepSource, ...]:
        """The sources of the steps of a timeline, a value of the root domain.

        Raises:
            PlanUnsupportedError: the plan does not cover it.
            EvaluationError: all rows raise.
        """
        self._each_case(timeline, self._timeline)
        return tuple(self._sources)

    # -- cases ----------------------------------------------------------------------------------

    def _each_case(self, operand: Any, then: Callable[[Any], None]) -> None:
        """Calls `then` in the rows of each case of a value; rows in which it raises, raise."""
        tracer = self._tracer
        tracer.charge(1)
        try:
            value = tracer.simplified(force(operand))
            if isinstance(value, Choice):
                self._each_side(value, then)
            elif not isinstance(value, AlwaysRaises):
                then(value)
        except EvaluationError as error:
            if tracer.domain is tracer.graph.root:
                raise
            tracer.graph.add_raising_rows(tracer.domain, None, error.message)

    def _each_side(self, choice: Choice, then: Callable[[Any], None]) -> None:
        tracer = self._tracer
        for holds in (True, False):
            with tracer.inside(tracer.part(choice.condition, holds=holds)):
                self._each_case(tracer.side_of(choice, holds=holds), then)

    def _split(self, value: Symbol, then: Callable[[Any], None]) -> None:
        """Calls `then` for each entry of a dictionary."""
        self._each_case(split_by_entry(self._tracer, value, lambda entry: entry, None), then)

    # -- timelines ------------------------------------------------------------------------------

    def _timeline(self, value: Any) -> None:
        if isinstance(value, Symbol):
            self._split(value, self._timeline)
        elif isinstance(value, SymbolicList):
            self._list(lift_list(self._tracer, value))
        elif isinstance(value, Array) and len(value.items) <= MAX_STEPS:
            for number, item in enumerate(value.items):
                self._step(item, number)
        else:
            raise EvaluationError("a timeline is not an array of at most 1,000 steps")

    def _list(self, value: SymbolicList) -> None:
        tracer = self._tracer
        length = tracer.list_length(value)
        long = tracer.compute("less", [float(MAX_STEPS), length], Type.BOOLEAN)
        tracer.graph.add_raising_rows(tracer.domain, long.node, "a timeline has too many steps")
        with tracer.inside(value.elements):
            self._step(value.item, position_in(tracer, value).node)

    # -- steps ----------------------------------------------------------------------------------

    def _step(self, operand: Any, number: int | Node) -> None:
        self._each_case(operand, lambda value: self._checked_step(value, number))

    def _checked_step(self, value: Any, number: int | Node) -> None:
        if isinstance(value, Symbol):
            self._picked_step(value, number)
            return
        if not isinstance(value, Object):
            raise EvaluationError("a step is not an object")
        presence = dict(_presence(value))
        for name in presence.keys() - STEP_FIELDS:
            self._forbid(presence[name], f"a step has the unknown field {name!r}")
        self._require(
            presence.get("event", False),
            lambda: self._require(
                presence.get("after", False), lambda: self._with_fields(value, presence, number)
            ),
        )

    def _picked_step(self, value: Symbol, number: int | Node) -> None:
        """A step that is a column: an object per entry, or cases."""
        entries = value.node.entries if value.node.type is Type.DICTIONARY else ()
        if entries and all(isinstance(entry, dict) for entry in entries):
            self._checked_step(object_of_dictionary(self._tracer, value), number)
        else:
            self._split(value, lambda each: self._checked_step(each, number))

    def _with_fields(self, value: Object, presence: Mapping[str, Any], number: int | Node) -> None:
        present = presence.get("to", False)

        def with_to(to: Any) -> None:
            self._each_case(value.get("after"), lambda after: self._add(value, number, after, to))

        for holds in (True, False) if isinstance(present, Symbol) else (present,):
            rows = self._tracer.domain
            if isinstance(present, Symbol):
                rows = self._tracer.part(present, holds=holds)
            with self._tracer.inside(rows):
                self._each_case(value.get("to") if holds else None, with_to)

    def _require(self, present: Any, then: Callable[[], None]) -> None:
        """Calls `then` in the rows that have a field; the others raise."""
        self._forbid(self._negated(present), "a step lacks a field")
        rows = self._tracer.domain
        if isinstance(present, Symbol):
            rows = self._tracer.part(present, holds=True)
        with self._tracer.inside(rows):
            then()

    def _forbid(self, present: Any, what: str) -> None:
        """The rows that have a field raise."""
        if present is True:
            raise EvaluationError(what)
        if isinstance(present, Symbol):
            tracer = self._tracer
            tracer.graph.add_raising_rows(tracer.domain, tracer.truth(present), what)

    def _negated(self, present: Any) -> Any:
        if not isinstance(present, Symbol):
            return not present
        truth = Symbol(self._tracer.truth(present))
        return self._tracer.compute("not", [truth], Type.BOOLEAN)

    def _add(self, value: Object, number: int | Node, after: Any, to: Any) -> None:
        tracer = self._tracer
        writer, part = RowProgramWriter(tracer), self._part
        event = value.get("event")
        program = written = writer.program(event)
        whole = inner = TracedPart(event, NOTHING)
        if not part.is_whole:
            inner = TracedPart(value_at(tracer, event, value_tokens(part)), omitted_fields(part))
            written = RowProgramWriter(tracer).program(inner.value, inner.omitted)
        number = tracer.lift(number) if isinstance(number, Node) else number
        times = (number, self._after(after), self._to(to))
        self._sources.append(StepSource(tracer.domain, *times, program, written, whole, inner))

    def _after(self, value: Any) -> float | str | Node:
        if isinstance(value, Symbol):
            return self._column(value, _DURATIONS)
        if isinstance(value, bool) or not isinstance(value, float | str):
            raise EvaluationError("'after' is not a duration")
        return value

    def _to(self, value: Any) -> str | Node | None:
        if isinstance(value, Symbol):
            return self._column(value, _NAMES)
        if value is not None and not isinstance(value, str):
            raise EvaluationError("'to' is not text")
        return value

    def _column(self, value: Symbol, types: frozenset[Type]) -> Node:
        node = self._tracer.lift(value.node)
        if node.type is Type.VALUE:
            split_by_entry(self._tracer, value, lambda entry: entry, None)
        if node.type not in types:
            raise EvaluationError(f"a field of a step is a {node.type.value}")
        return node


_DURATIONS = frozenset({Type.INTEGER, Type.NUMBER, Type.TEXT, Type.DICTIONARY})
_NAMES = frozenset({Type.TEXT, Type.DICTIONARY})


def _presence(value: Object) -> list[tuple[str, Any]]:
    """The visible fields of an object, and whether it has them: perhaps a symbol."""
    if isinstance(value, TracedObject):
        return [(name, value.present(name, hidden=False)) for name, _ in value.fields()]
    return [(name, True) for name in value.names()]

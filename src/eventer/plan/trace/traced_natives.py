"""Native functions in a trace: each call becomes a column of the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from eventer.core.bindings import ReferencePath
from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.limits import MAX_POPULATION
from eventer.core.model import EarlierPopulation, GrowingPopulation, JsonValue
from eventer.functions.catalog import CATALOG, Catalog
from eventer.functions.index_reader import time_read_error
from eventer.functions.row_reader import unknown_stream
from eventer.functions.spec import (
    BoundCall,
    Bounds,
    ColumnCall,
    FieldSpec,
    FieldType,
    FunctionSpec,
    ObjectCall,
    ReturnType,
    RowContext,
)
from eventer.plan.engine import EventContext
from eventer.plan.graph import Referenced, Type
from eventer.plan.references import ReferencedProgram, ReferencedPrograms
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, Symbolic, SymbolicList
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.native_columns import (
    argument_column,
    check_constants,
    draw,
    draw_with_columns,
    is_column,
    result_bounds,
)
from eventer.plan.trace.traced_native_objects import TracedNativeObject, object_of_fields
from eventer.plan.trace.tracer import RAISES_IN_EVERY_EVENT, Tracer
from eventer.plan.unsupported import PlanUnsupportedError

if TYPE_CHECKING:
    from eventer.jsonnet.load import Program
    from eventer.plan.draw_keys import DrawKey
    from eventer.plan.trace.traced_runtime import TracedRuntime

_MAX_LABEL_CHARACTERS: Final = 60
"""Characters of an argument that the label of a draw shows."""


class TracedNatives:
    """`eventer.jsonnet.natives.Natives` for traces; `runtime` is set when it exists.

    `references` are the streams that can be referred to. If the natives `lack_time`, they are those
    of such a stream, which has no schedule. `path` leads to the stream of the natives. Under
    `own_name` they read earlier events of their stream; if they are those of such events, `later`
    are the natives of the later ones.
    """

    def __init__(
        self,
        context: EventContext,
        catalog: Catalog = CATALOG,
        *,
        references: ReferencedPrograms = MappingProxyType({}),
        lack_time: bool = False,
        path: ReferencePath = (),
        own_name: str = "",
        later: TracedNatives | None = None,
    ) -> None:
        self.runtime: TracedRuntime | None = None
        self.stream: tuple[Program, DrawKey] | None = None
        """The program of the stream and its root key; set when they are known."""
        self.references = references
        self.path = path
        self.own_name = own_name
        self.later = later
        self.context = context
        self.lack_time = lack_time
        self.timed = False
        """Whether a column depends on due times."""
        self._row = RowContext(0, 0, context.dataset, context.instance_id)
        self._names = catalog.names()
        self._natives = {name: TracedNative(self, catalog.get(name)) for name in self._names}

    def find(self, name: str) -> TracedNative | None:
        """See `Natives.find`."""
        return self._natives.get(name)

    def names(self) -> Sequence[str]:
        """See `Natives.names`."""
        return self._names

    @property
    def traced(self) -> Tracer:
        """The tracer."""
        assert self.runtime is not None
        return self.runtime.tracer

    def read_time(self, function: str) -> None:
        """Records that a function depends on due times.

        Raises:
            EvaluationError: there are none.
        """
        if self.lack_time:
            raise time_read_error(function)
        self.timed = True
        if self.later is not None:
            self.later.timed = True
        for domain in self.traced.domain.chain():
            if isinstance(domain, Referenced):
                domain.timed = True
                return

    def draw(self, call: BoundCall, key: Any, label: str, bounds: Bounds | None = None) -> Any:
        """The values of a call with constant arguments, explained as `label`."""
        if call.time_dependent:
            self.read_time(label.partition("(")[0])
        return draw(self.traced, call, key, label=label, bounds=bounds)

    def of_earlier_events(self) -> TracedNatives:
        """The natives of earlier events of the same stream, in the same trace."""
        return TracedNatives(self.context, **self._of_earlier_events())

    def _of_earlier_events(self) -> dict[str, Any]:
        path = (*self.path, self.own_name)
        return {
            "references": self.references,
            "lack_time": self.lack_time,
            "path": path,
            "own_name": self.own_name,
            "later": self,
        }

    def constant(self, call: BoundCall) -> JsonValue:
        """The value of a function with one value in all events."""
        return call.row(0, self._row)


def call_text(name: str, arguments: Sequence[JsonValue]) -> str:
    """A call as a template writes it, with long arguments abbreviated."""
    given = [*arguments]
    while given and given[-1] is None:
        given.pop()
    return f"{name}({', '.join(map(_argument_text, given))})"


def _argument_text(value: Any) -> str:
    text = "column" if isinstance(value, Symbol) else json_text(value)
    return text if len(text) <= _MAX_LABEL_CHARACTERS else f"{text[: _MAX_LABEL_CHARACTERS - 1]}…"


class TracedNative:
    """`eventer.jsonnet.natives.Native` of one function."""

    __slots__ = ("_natives", "_spec", "name", "params")

    def __init__(self, natives: TracedNatives, spec: FunctionSpec) -> None:
        self._natives = natives
        self._spec = spec
        self.name = spec.name
        self.params = tuple((p.name, p.optional) for p in spec.parameters)

    def call(self, arguments: Sequence[Any], key: Any) -> Any:
        """See `Native.call`; arguments may be symbols, or arrays with symbols in them."""
        tracer = self._natives.traced
        given = [self._simplified(tracer, each) for each in arguments]
        for number, each in enumerate(given):
            if isinstance(each, AlwaysRaises):
                raise EvaluationError(RAISES_IN_EVERY_EVENT)
            again = self._changed(tracer, given, number, key)
            if isinstance(each, Choice):
                return tracer.distribute(each, again)
            if isinstance(each, SymbolicList):
                raise PlanUnsupportedError(f"{self.name} is called with a list")
            if isinstance(each, Symbol) and not is_column(self._spec, number, each):
                return split_by_entry(tracer, each, again, None)
            if isinstance(each, list) and _has_symbols(each):
                return self._of_elements(tracer, given, number, key)
            if isinstance(each, dict) and _has_symbols(each):
                raise PlanUnsupportedError(f"{self.name} is called with an object of random values")
        return self._called(given, key)

    @staticmethod
    def _simplified(tracer: Tracer, argument: Any) -> Any:
        """An argument, as JSON if it has only one value in this domain."""
        if not isinstance(argument, Symbolic):
            return argument
        return tracer.plain.argument(tracer.simplified(argument))

    def _called(self, given: Sequence[Any], key: Any) -> Any:
        """The values of a call with constants, and symbols for parameters that allow columns."""
        natives, spec = self._natives, self._spec
        if spec.time_dependent:
            natives.read_time(spec.name)
        if spec.picks is not None:
            return self._referenced(given, key)
        varying = [number for number, each in enumerate(given) if isinstance(each, Symbol)]
        if varying:
            return self._with_columns(given, varying, key)
        call, label = spec.call(given), call_text(spec.name, given)
        if spec.is_constant:
            return natives.constant(call)
        if isinstance(call, ObjectCall):
            fields = call.fields

            def draw_field(name: str) -> Any:
                def part(nulls: bool | None) -> Any:  # noqa: FBT001
                    field = fields[name] if nulls is None else fields[name].part(nulls=nulls)
                    return natives.draw(field, key, f"{label}.{name}")

                return _with_nulls(natives.traced, fields[name], part)

            return object_of_fields(natives.traced, fields, draw_field)
        bounds = result_bounds(spec, given)
        return natives.draw(call, key, label, bounds)

    def _referenced(self, given: Sequence[Any], key: Any) -> Any:
        """The event of another stream at the index that the function picks."""
        from eventer.plan.trace.traced_references import referenced_event

        spec, name = self._spec, given[0] if given else None
        if name and name == self._natives.own_name:
            return self._of_itself(given, key)
        referenced = self._natives.references.get(name) if isinstance(name, str) else None
        if referenced is None:
            raise unknown_stream(spec.name, None if isinstance(name, Symbol) else name)
        assert spec.picks is not None
        if isinstance(referenced.population, GrowingPopulation):
            given = [*spec.complete(given), self._population_of(referenced)]
        index = TracedNative(self._natives, spec.picks(referenced.population)).picked(given, key)
        return referenced_event(self._natives, referenced, index)

    def _of_itself(self, given: Sequence[Any], key: Any) -> Any:
        """An earlier event of the stream; null at the first one."""
        from eventer.plan.trace.traced_references import earlier_event

        natives, tracer, spec = self._natives, self._natives.traced, self._spec
        if natives.later is not None:
            raise EvaluationError(RAISES_IN_EVERY_EVENT)

        def event() -> Any:
            bounds = (1, MAX_POPULATION)
            count = tracer.compute("earlier_events", [], Type.INTEGER, bounds=bounds)
            assert spec.picks is not None
            index = TracedNative(natives, spec.picks(EarlierPopulation()))
            return earlier_event(natives, index.picked([*spec.complete(given), count], key))

        return tracer.choose(
            tracer.compute("is_first_event", [], Type.BOOLEAN), lambda: None, event
        )

    def _population_of(self, referenced: ReferencedProgram) -> Symbol:
        """How many events of a stream exist, which depends on the time."""
        self._natives.read_time(self.name)
        return self._natives.traced.compute(
            "population",
            [],
            Type.INTEGER,
            parameters=(*self._natives.path, referenced.stream.name),
            bounds=(1, MAX_POPULATION),
        )

    def picked(self, given: Sequence[Any], key: Any) -> Symbol:
        """The integers of a call of a function that has a column for all arguments."""
        value = self._called(given, key)
        assert isinstance(value, Symbol)
        return value

    def _with_columns(self, given: Sequence[Any], varying: Sequence[int], key: Any) -> Any:
        spec, tracer = self._spec, self._natives.traced
        constants = {n: each for n, each in enumerate(given) if n not in varying}
        check_constants(spec, constants)
        columns = [
            argument_column(tracer, spec.parameters[number].column, given[number])
            for number in varying
        ]
        call, label = ColumnCall(spec, constants, varying), call_text(spec.name, given)
        if spec.return_type is not ReturnType.OBJECT:
            return draw_with_columns(tracer, call, columns, key, label=label)

        fields = spec.fields if spec.fields_of is None else spec.object_fields(constants)

        def draw_field(name: str) -> Any:
            def part(nulls: bool | None) -> Any:  # noqa: FBT001
                field = replace(call, field=name, nulls=nulls)
                return draw_with_columns(tracer, field, columns, key, label=f"{label}.{name}")

            return _with_nulls(tracer, fields[name], part)

        return object_of_fields(tracer, fields, draw_field)

    def _changed(
        self, tracer: Tracer, given: list[Any], number: int, key: Any
    ) -> Callable[[Any], Any]:
        """The call with another value of the language for an argument."""

        def again(value: Any) -> Any:
            changed = tracer.plain.argument(value)
            found = self.call([*given[:number], changed, *given[number + 1 :]], key)
            # The caller merges the results of several calls, which must be values of the language.
            return tracer.plain.value(found) if isinstance(found, TracedNativeObject) else found

        return again

    def _of_elements(self, tracer: Tracer, given: list[Any], number: int, key: Any) -> Any:
        """Items of an array with symbols in it, by their positions."""
        if self._spec.items is None or number > 0:
            raise PlanUnsupportedError(f"{self.name} is called with an array of random values")
        elements = given[0]
        positions = [float(place) for place in range(len(elements))]
        found = self.call([positions, *given[1:]], key)

        def item(place: Any) -> Any:
            return tracer.plain.value(elements[int(place)])

        if not isinstance(found, SymbolicList):
            return split_by_entry(tracer, found, item, None) if _is_dictionary(found) else item(0)
        with tracer.inside(found.elements):
            return replace(found, item=split_by_entry(tracer, found.item, item, None))


def _with_nulls(tracer: Tracer, field: FieldType, part: Callable[[bool | None], Any]) -> Any:
    """A field from its parts (`FieldSpec.part`), or as a whole (`part(None)`)."""
    if not isinstance(field, FieldSpec) or field.nulls is None:
        return part(None)
    return tracer.choose(part(True), lambda: None, lambda: part(False))


def _is_dictionary(value: Any) -> bool:
    return isinstance(value, Symbol)


def _has_symbols(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_symbols(each) for each in value)
    if isinstance(value, dict):
        return any(_has_symbols(each) for each in value.values())
    return isinstance(value, Symbolic)

"""Native functions in a trace: each call becomes a column of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG, Catalog
from eventer.functions.columns import (
    Column,
    ConstantColumn,
    DictionaryColumn,
    FloatColumn,
    IntegerColumn,
    ObjectColumn,
    TimestampColumn,
)
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, ReturnType, RowContext
from eventer.plan.engine import EventContext
from eventer.plan.graph import Type
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.integer_bounds import bounds_of
from eventer.plan.trace.traced_keys import KeySymbol
from eventer.plan.trace.tracer import RAISES_IN_EVERY_EVENT, Tracer
from eventer.plan.unsupported import PlanUnsupportedError

_PROBE_CONTEXT: Final = BatchContext(
    np.zeros(1, dtype=np.int64), np.full(1, 1_700_000_000_000_000_000, dtype=np.int64)
)

_MAX_LABEL_CHARACTERS: Final = 60
_ENTRIES_PER_STEP: Final = 16
"""Characters of an argument that the label of a draw shows."""


class TracedNatives:
    """`eventer.jsonnet.natives.Natives` for traces; `tracer` is set when it exists."""

    def __init__(self, context: EventContext, catalog: Catalog = CATALOG) -> None:
        self.tracer: Tracer | None = None
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

    def constant(self, call: BoundCall) -> JsonValue:
        """The value of a function without randomness."""
        return call.row(0, self._row)

    def draw_symbol(self, call: BoundCall, key: Any, label: str) -> Any:
        """The column of a call in the current domain, explained as `label`."""
        tracer = self.tracer
        assert tracer is not None
        self.timed = self.timed or call.time_dependent
        column = isinstance(key, KeySymbol)
        keys = [tracer.lift(key.node)] if column else []
        parameters = (call,) if column else (call, key)
        raw = tracer.graph.node(
            "draw", keys, tracer.domain, Type.RAW, parameters=parameters, label=label
        )
        return _symbol(tracer, Symbol(raw), call, call.column(0, _PROBE_CONTEXT))


def _symbol(tracer: Tracer, raw: Symbol, call: BoundCall, probe: Column) -> Any:
    if isinstance(probe, TimestampColumn):
        probe = probe.texts
    if isinstance(probe, ConstantColumn):
        return probe.value
    if isinstance(probe, IntegerColumn):
        return tracer.compute("draw_values", [raw], Type.INTEGER, bounds=call.bounds)
    if isinstance(probe, FloatColumn):
        return tracer.compute("draw_values", [raw], Type.NUMBER)
    if isinstance(probe, DictionaryColumn):
        tracer.charge(len(probe.entries) // _ENTRIES_PER_STEP)
        entries = tuple(map(with_float_numbers, probe.entries))
        return tracer.compute("draw_values", [raw], Type.DICTIONARY, entries=entries)
    if isinstance(probe, ObjectColumn):
        raise PlanUnsupportedError("the whole object of a function is used")
    return tracer.compute("draw_values", [raw], Type.TEXT)


def call_text(name: str, arguments: Sequence[JsonValue]) -> str:
    """A call as a template writes it, with long arguments abbreviated."""
    given = [*arguments]
    while given and given[-1] is None:
        given.pop()
    return f"{name}({', '.join(map(_cut, map(json_text, given)))})"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LABEL_CHARACTERS else f"{text[: _MAX_LABEL_CHARACTERS - 1]}…"


def with_float_numbers(json: Any) -> Any:
    """Plain JSON with all numbers as floats."""
    if isinstance(json, bool | str | float) or json is None:
        return json
    if isinstance(json, int):
        return float(json)
    if isinstance(json, Mapping):
        return {key: with_float_numbers(value) for key, value in json.items()}
    return [with_float_numbers(value) for value in json]


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
        tracer = self._natives.tracer
        assert tracer is not None
        given = [self._simplified(tracer, each) for each in arguments]
        for number, each in enumerate(given):
            if isinstance(each, AlwaysRaises):
                raise EvaluationError(RAISES_IN_EVERY_EVENT)
            again = self._changed(tracer, given, number, key)
            if isinstance(each, Choice):
                return tracer.distribute(each, again)
            if isinstance(each, Symbol | SymbolicList):
                return self._by_symbol(tracer, given, number, key)
            if isinstance(each, list) and _has_symbols(each):
                return self._of_elements(tracer, each, key)
            if isinstance(each, dict) and _has_symbols(each):
                raise PlanUnsupportedError(f"{self.name} is called with an object of random values")
        return self._plain(given, key)

    @staticmethod
    def _simplified(tracer: Tracer, argument: Any) -> Any:
        """An argument, as JSON if it has only one value in this domain."""
        if not isinstance(argument, Symbolic):
            return argument
        return tracer.plain.argument(tracer.simplified(argument))

    def _plain(self, arguments: Sequence[Any], key: Any) -> Any:
        spec = self._spec
        if spec.return_type is ReturnType.OBJECT:
            spec.check(arguments)
            return TracedNativeObject(self._natives, spec, key)
        call = spec.call(arguments)
        if not spec.is_random:
            return self._natives.constant(call)
        return self._natives.draw_symbol(call, key, call_text(spec.name, arguments))

    def _by_symbol(self, tracer: Tracer, given: list[Any], number: int, key: Any) -> Any:
        """A draw between columns; for other functions, one call for each entry of a dictionary."""
        draw_between = _DRAW_BETWEEN.get(self._spec.return_type)
        if (
            self._spec.columnar
            and draw_between is not None
            and all(type_name_of(each) == "number" for each in given[:2])
        ):
            return draw_between(tracer, given, key)
        if not isinstance(given[number], Symbol):
            raise PlanUnsupportedError(f"{self.name} is called with a list")
        return split_by_entry(
            tracer, given[number], self._changed(tracer, given, number, key), None
        )

    def _changed(
        self, tracer: Tracer, given: list[Any], number: int, key: Any
    ) -> Callable[[Any], Any]:
        """The call with another value of the language for an argument."""

        def again(value: Any) -> Any:
            changed = tracer.plain.argument(value)
            return self.call([*given[:number], changed, *given[number + 1 :]], key)

        return again

    def _of_elements(self, tracer: Tracer, elements: list[Any], key: Any) -> Any:
        """One of the items of an array with symbols in it: a dictionary of the positions."""
        if self._spec.items is None:
            raise PlanUnsupportedError(f"{self.name} is called with an array of random values")
        positions = list(range(len(elements)))
        dictionary = self._natives.draw_symbol(
            self._spec.call([positions]), key, f"{self.name}(array)"
        )
        if not isinstance(dictionary, Symbol):
            return tracer.plain.value(elements[0])
        return split_by_entry(
            tracer, dictionary, lambda place: tracer.plain.value(elements[int(place)]), None
        )


def _has_symbols(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_symbols(each) for each in value)
    if isinstance(value, dict):
        return any(_has_symbols(each) for each in value.values())
    return isinstance(value, Symbolic)


def _key_arguments(key: Any) -> tuple[list[Any], tuple[Any, ...]]:
    return ([Symbol(key.node)], ()) if isinstance(key, KeySymbol) else ([], (key,))


def _integer(tracer: Tracer, given: Sequence[Any], key: Any) -> Any:
    """An integer between two columns of integers."""
    low, high = (bounds_of(each) for each in given)
    if low is not None and high is not None and low[0] > high[1]:
        raise EvaluationError("get_integer: 'lo' is above 'hi'")
    bounds = (low[0], high[1]) if low is not None and high is not None else None
    keys, parameters = _key_arguments(key)
    return tracer.compute(
        "integer_between",
        [*map(tracer.integer, given), *keys],
        Type.INTEGER,
        parameters=parameters,
        bounds=bounds,
    )


def _number(tracer: Tracer, given: Sequence[Any], key: Any) -> Any:
    """A number between two columns of numbers."""
    ends = [tracer.typed(each, Type.NUMBER) for each in given]
    keys, parameters = _key_arguments(key)
    return tracer.compute("number_between", [*ends, *keys], Type.NUMBER, parameters=parameters)


_DRAW_BETWEEN: Final = {ReturnType.INTEGER: _integer, ReturnType.NUMBER: _number}


class TracedNativeObject:
    """`eventer.jsonnet.natives.NativeObject`: its fields are columns of the domain of the call."""

    def __init__(self, natives: TracedNatives, spec: FunctionSpec, key: Any) -> None:
        self._fields = spec.fields
        tracer = natives.tracer
        assert tracer is not None
        self._draw = tracer.bind_to_domain(
            lambda field: natives.draw_symbol(field, key, f"{spec.name}().{field.name}")
        )

    def names(self) -> Sequence[str]:
        """See `NativeObject.names`."""
        return [name for name, field in self._fields.items() if not field.hidden]

    def hidden_names(self) -> Sequence[str]:
        """See `NativeObject.hidden_names`."""
        return [name for name, field in self._fields.items() if field.hidden]

    def get(self, name: str) -> Any:
        """See `NativeObject.get`."""
        return self._draw(self._fields[name])

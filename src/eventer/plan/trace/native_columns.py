"""The columns of calls of native functions as symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.functions.columns import (
    BooleanColumn,
    Column,
    ConstantColumn,
    DictionaryColumn,
    FloatColumn,
    IntegerColumn,
    ListColumn,
    ObjectColumn,
    ObjectListColumn,
    TimestampColumn,
)
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    Bounds,
    ColumnCall,
    ColumnKind,
    FunctionSpec,
    ObjectListCall,
    ReturnType,
)
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, SymbolicList, type_name_of
from eventer.plan.trace.integer_bounds import bounds_of, is_integer
from eventer.plan.trace.traced_keys import KeySymbol
from eventer.plan.trace.traced_native_objects import TracedNativeObject
from eventer.plan.trace.tracer import RAISES_IN_EVERY_EVENT, Tracer
from eventer.plan.unsupported import PlanUnsupportedError

_PROBE_CONTEXT: Final = BatchContext(
    np.zeros(1, dtype=np.int64), np.full(1, 1_700_000_000_000_000_000, dtype=np.int64)
)
_ENTRIES_PER_STEP: Final = 16
_COLUMN_TYPES: Final = {
    ReturnType.INTEGER: Type.INTEGER,
    ReturnType.NUMBER: Type.NUMBER,
    ReturnType.BOOLEAN: Type.BOOLEAN,
    ReturnType.TEXT: Type.TEXT,
    ReturnType.TIMESTAMP: Type.TEXT,
    ReturnType.UUID: Type.TEXT,
    ReturnType.JSON: Type.DICTIONARY,
    ReturnType.ARRAY: Type.DICTIONARY,
}


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of a call: their type, or that of the elements of arrays.

    `bounds` are those of integers, or of the lengths of arrays.
    """

    type: Type
    entries: Sequence[Any] = ()
    bounds: Bounds | None = None
    in_arrays: bool = False


def draw(
    tracer: Tracer,
    call: BoundCall,
    key: Any,
    *,
    label: str,
    bounds: Bounds | None = None,
) -> Any:
    """The values of a call with constant arguments in the current domain."""
    probe = call.column(0, _PROBE_CONTEXT)
    if isinstance(probe, TimestampColumn):
        probe = probe.texts
    if isinstance(probe, ConstantColumn):
        return probe.value
    raw = _raw(tracer, "draw", (call, label), [], key)
    if isinstance(call, ObjectListCall):
        assert isinstance(probe, ObjectListColumn)
        return _object_list(tracer, raw, call, probe)
    return _symbol(tracer, raw, replace(_probed(probe), bounds=bounds))


def draw_with_columns(
    tracer: Tracer, call: ColumnCall, columns: Sequence[Symbol], key: Any, *, label: str
) -> Any:
    """The values of a call with arguments that differ between rows."""
    raw = _raw(tracer, "draw_with_columns", (call, label), columns, key)
    return _symbol(tracer, raw, _declared(call, columns))


def is_column(spec: FunctionSpec, number: int, value: Any) -> bool:
    """Whether an argument that differs between rows can be an array of the parameter's kind."""
    kind = spec.parameters[number].column
    types = {"number", "string"} if kind is ColumnKind.ENTITY else {"number"}
    return kind is not None and type_name_of(value) in types


def argument_column(tracer: Tracer, kind: ColumnKind | None, value: Any) -> Symbol:
    """An argument as an array of its kind; rows where it is not of this kind raise."""
    column: Symbol
    if kind is ColumnKind.INTEGER:
        column = tracer.integer(value)
    elif kind is ColumnKind.NUMBER:
        column = tracer.typed(value, Type.NUMBER)
    else:
        is_text = type_name_of(value) == "string"
        typed = tracer.typed(value, Type.TEXT if is_text else Type.NUMBER)
        column = tracer.compute("entity_words", [typed], Type.KEY)
    return column


def check_constants(spec: FunctionSpec, constants: Mapping[int, Any]) -> None:
    """Refuses constants that columns cannot hold: whole numbers beside columns of integers.

    Raises:
        PlanUnsupportedError: a constant is too large.
    """
    for number, value in constants.items():
        integer = spec.parameters[number].column is ColumnKind.INTEGER
        if integer and isinstance(value, float) and not is_integer(value):
            raise PlanUnsupportedError(
                f"{spec.name} is called with random values and a number that is not whole, or is "
                "beyond 2^53"
            )


def result_bounds(spec: FunctionSpec, arguments: Sequence[Any]) -> Bounds | None:
    """The bounds of a function's integers for constants and symbols.

    Raises:
        EvaluationError: no value is within the bounds, so every row raises.
    """
    if spec.bounds is None:
        return None
    given = [bounds_of(float(v) if type(v) is int else v) for v in spec.complete(arguments)]
    if spec.items is not None:
        count = len(spec.items(arguments[0]))
        given[0] = (count, count)
    bounds = spec.bounds(*given)
    if bounds is not None and bounds[0] > bounds[1]:
        raise EvaluationError(RAISES_IN_EVERY_EVENT)
    return bounds


def with_float_numbers(json: Any) -> Any:
    """Plain JSON with all numbers as floats."""
    if isinstance(json, bool | str | float) or json is None:
        return json
    if isinstance(json, int):
        return float(json)
    if isinstance(json, Mapping):
        return {key: with_float_numbers(value) for key, value in json.items()}
    return [with_float_numbers(value) for value in json]


def _raw(
    tracer: Tracer,
    operation: str,
    call: tuple[BoundCall | ColumnCall, str],
    columns: Sequence[Symbol],
    key: Any,
) -> Symbol:
    """The column of a call, given with its label, as a function makes it."""
    nodes = [tracer.lift(column.node) for column in columns]
    per_row = isinstance(key, KeySymbol)
    if per_row:
        nodes.append(tracer.lift(key.node))
    parameters = (call[0],) if per_row else (call[0], key)
    return Symbol(
        tracer.graph.node(
            operation, nodes, tracer.domain, Type.RAW, parameters=parameters, label=call[1]
        )
    )


def _probed(probe: Column) -> _Values:
    if isinstance(probe, IntegerColumn):
        return _Values(Type.INTEGER)
    if isinstance(probe, FloatColumn):
        return _Values(Type.NUMBER)
    if isinstance(probe, BooleanColumn):
        return _Values(Type.BOOLEAN)
    if isinstance(probe, DictionaryColumn | ListColumn):
        return _Values(Type.DICTIONARY, probe.entries, in_arrays=isinstance(probe, ListColumn))
    if isinstance(probe, ObjectColumn):
        raise PlanUnsupportedError("the whole object of a function is used")
    return _Values(Type.TEXT)


def _declared(call: ColumnCall, columns: Sequence[Symbol]) -> _Values:
    spec = call.spec
    if call.field is not None:
        if spec.fields_of is not None:
            field = spec.object_fields(call.constants)[call.field]
            field = field if call.nulls is None else field.part(nulls=call.nulls)
            return _probed(field.column(0, _PROBE_CONTEXT))
        return _Values(_COLUMN_TYPES[spec.fields[call.field].return_type])
    kind = _COLUMN_TYPES[spec.return_type]
    varying = dict(zip(call.varying, columns, strict=True))
    given = {**call.constants, **varying}
    arguments = [given.get(number) for number in range(len(spec.parameters))]
    entries = spec.items(call.constants[0]) if spec.items is not None else ()
    in_arrays = spec.return_type is ReturnType.ARRAY
    return _Values(kind, entries, result_bounds(spec, arguments), in_arrays=in_arrays)


def _symbol(tracer: Tracer, raw: Symbol, values: _Values) -> Any:
    entries = ()
    if values.type is Type.DICTIONARY:
        tracer.charge(len(values.entries) // _ENTRIES_PER_STEP)
        entries = tuple(map(with_float_numbers, values.entries))
    if values.in_arrays:
        return _list(tracer, raw, values, entries)
    bounds = values.bounds if values.type is Type.INTEGER else None
    return tracer.compute("draw_values", [raw], values.type, entries=entries, bounds=bounds)


def _object_list(
    tracer: Tracer, raw: Symbol, call: ObjectListCall, probe: ObjectListColumn
) -> SymbolicList:
    """Lists of objects whose fields are columns of the elements."""
    lengths = tracer.compute("draw_lengths", [raw], Type.ROWS, bounds=call.lengths).node
    elements = tracer.graph.elements(tracer.domain, lengths)

    def field(name: str) -> Any:
        values = replace(_probed(probe.columns[name]()), bounds=call.bounds_of(name))
        drawn = tracer.compute("draw_field", [], Type.RAW, parameters=(raw.node, name))
        return _symbol(tracer, drawn, values)

    with tracer.inside(elements):
        item = tracer.plain.value(TracedNativeObject(tracer, tuple(probe.columns), (), field))
    return SymbolicList(tracer.domain, lengths, elements, item)


def _list(tracer: Tracer, raw: Symbol, values: _Values, entries: tuple[Any, ...]) -> SymbolicList:
    lengths = tracer.compute("draw_lengths", [raw], Type.ROWS, bounds=values.bounds).node
    elements = tracer.graph.elements(tracer.domain, lengths)
    with tracer.inside(elements):
        item = tracer.compute(
            "draw_items", [], values.type, parameters=(raw.node,), entries=entries
        )
    return SymbolicList(tracer.domain, lengths, elements, item)

"""The library's own code on arrays and objects with symbols in them: once for each different one.

Such an argument becomes its JSON text, row by row; the function is called when the plan runs, once
for each text. It is the slow way of the plan, for what has no columns; still, it runs for different
values only, and everything around it stays in columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.arguments import ABSENT, IDENTITY
from eventer.jsonnet.values import Array, Function
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.plain_values import NotPlainError
from eventer.plan.trace.std.result_types import ELEMENT_KINDS, RESULT_TYPES, SAME_ELEMENT_KIND
from eventer.plan.trace.std.traced_call import TracedCall
from eventer.plan.unsupported import PlanUnsupportedError

MAX_LEAVES: Final = 4
"""Picks in an array whose combinations are computed beforehand."""


def call_per_distinct_document(call: TracedCall, name: str) -> Any:
    """What the function gives for each different combination of its arguments.

    Raises:
        PlanUnsupportedError: its result type is unknown, or an argument is a function.
    """
    result = RESULT_TYPES.get(name)
    if result is None and name not in ELEMENT_KINDS and name not in SAME_ELEMENT_KIND:
        raise PlanUnsupportedError(f"std.{name} has no rule for columns", call.place)
    if any(isinstance(a, Function) and a not in {IDENTITY, ABSENT} for a in call.arguments):
        raise PlanUnsupportedError(
            f"std.{name} calls a function of the template on random values", call.place
        )
    wanted = result or Type.VALUE
    symbols, function = _function(call, wanted)
    kind = None if result else "array"
    found = call.tracer.compute(
        "each",
        symbols,
        wanted,
        parameters=(function,),
        span=call.place,
        kind=kind,
        label=f"std.{name}",
    )
    return found if result else _as_list(call, found, _element_kind(call, name))


def _function(call: TracedCall, wanted: Type) -> tuple[list[Any], Callable[..., Any]]:
    """The symbols that differ, and the function of their values to plain JSON."""
    symbols: list[Any] = []
    readers: list[Callable[[Any], Any] | None] = []
    for value in call.arguments:
        symbol, reader = _argument(call, value)
        readers.append(reader)
        if reader is not None:
            symbols.append(symbol)
    plain, arguments = call.tracer.plain, call.arguments

    def compute(*changing: Any) -> Any:
        given = iter(changing)
        values = [
            value if reader is None else reader(next(given))
            for value, reader in zip(arguments, readers, strict=True)
        ]
        found = call.plain(*values)
        return plain.json(found) if wanted is Type.VALUE else found

    return symbols, compute


def _argument(call: TracedCall, value: Any) -> tuple[Any, Callable[[Any], Any] | None]:
    """A symbol for an argument that differs, and how its values are read; None for a plain one."""
    tracer = call.tracer
    if isinstance(value, Symbol):
        kinds = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}
        typed = kinds.get(type_name_of(value) or "")
        if typed is not None:
            return tracer.typed(value, typed), lambda each: each
    elif not isinstance(value, Symbolic) and _is_plain(call, value):
        return value, None
    return document(call, value), lambda text: tracer.plain.value(_read(text))


def _read(text: str) -> Any:
    """The JSON of a document; one in which a part raises is none, and its row raises."""
    try:
        return json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        raise EvaluationError("a part of a value raises an error") from error


def _is_plain(call: TracedCall, value: Any) -> bool:
    if not isinstance(value, Array | Object):
        return True
    try:
        call.tracer.plain.require_plain(value)
    except NotPlainError:
        return False
    return True


def document(call: TracedCall, value: Any) -> Any:
    """The JSON text of a value, row by row."""
    from eventer.plan.row_program_writer import RowProgramWriter

    program = RowProgramWriter(call.tracer).program(value)
    return call.tracer.compute("document", [], Type.TEXT, parameters=(program,))


def _element_kind(call: TracedCall, name: str) -> str | None:
    if name in ELEMENT_KINDS:
        return ELEMENT_KINDS[name]
    kinds = {_common_kind(call, value) for value in call.arguments if not _is_function(value)}
    return kinds.pop() if len(kinds) == 1 else None


def _is_function(value: Any) -> bool:
    return isinstance(value, Function)


def _common_kind(call: TracedCall, value: Any) -> str | None:
    """The kind of all elements of an array or list."""
    from eventer.jsonnet.values import force

    tracer = call.tracer
    if isinstance(value, SymbolicList):
        with tracer.inside(value.elements):
            return type_name_of(tracer.simplified(force(value.item)))
    if isinstance(value, Array):
        kinds = {type_name_of(tracer.simplified(force(item))) for item in value.items}
        return kinds.pop() if len(kinds) == 1 else None
    return None


_TYPES: Final = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}


def _as_list(call: TracedCall, value: Symbol, kind: str | None) -> SymbolicList:
    """Arrays found while the plan runs as lists."""
    tracer = call.tracer
    lengths = tracer.compute("value_lengths", [value], Type.ROWS).node
    elements = tracer.graph.elements(tracer.domain, lengths)
    item_type = _TYPES.get(kind or "", Type.VALUE)
    source = tracer.lift(value.node)
    with tracer.inside(elements):
        item = tracer.compute("value_items", [], item_type, parameters=(source,))
    return SymbolicList(tracer.domain, lengths, elements, item)


def precomputed_combinations(call: TracedCall) -> Any:
    """The function computed beforehand where its arrays hold a few picks; None elsewhere."""
    leaves: list[Any] = []
    for value in call.arguments:
        if isinstance(value, Array):
            items = _simplified(call, value)
            if not all(isinstance(each, Symbolic) or _is_plain(call, each) for each in items):
                return None
            leaves += [each for each in items if isinstance(each, Symbolic)]
    picks = all(isinstance(each, Symbol) and each.node.type is Type.DICTIONARY for each in leaves)
    if not picks or not 0 < len(leaves) <= MAX_LEAVES:
        return None

    def plain(*entries: Any) -> Any:
        given = iter(entries)
        return call.plain(*[_filled(call, value, given) for value in call.arguments])

    return call.tracer.scalar(leaves, plain, lambda _: None, call.place)


def _simplified(call: TracedCall, value: Array) -> Sequence[Any]:
    return [call.tracer.simplified(item) for item in value]


def _filled(call: TracedCall, value: Any, given: Any) -> Any:
    if not isinstance(value, Array):
        return value
    items = _simplified(call, value)
    return Array([next(given) if isinstance(item, Symbolic) else item for item in items])

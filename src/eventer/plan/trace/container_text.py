"""The text of arrays and objects with symbolic values: `{"a": 1, "b": ["x"]}`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import quote_string
from eventer.jsonnet.std.number_text import number_text
from eventer.jsonnet.values import Array, force
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, SymbolicList, type_name_of
from eventer.plan.trace.row_views import lift_list
from eventer.plan.unsupported import PlanUnsupportedError

if TYPE_CHECKING:
    from eventer.plan.trace.traced_operators import TracedOperators
    from eventer.plan.trace.tracer import Tracer

_CONSTANTS: Final = {None: "null", True: "true", False: "false"}


class ContainerText:
    """Converts values to text: a string if all rows have the same, else a column."""

    def __init__(self, tracer: Tracer, operators: TracedOperators) -> None:
        self._tracer = tracer
        self._operators = operators

    def text(self, value: Any) -> Any:
        """The text of a value within an array or object; strings are in quotes.

        Raises:
            PlanUnsupportedError: its type or its fields differ between rows.
        """
        return self._tracer.scalar([value], self._plain, self._columns)

    def _plain(self, value: Any) -> Any:
        self._tracer.charge(1)
        if isinstance(value, Array):
            items = (self.text(force(item)) for item in value.items)
            return self._joined("[", items, "]") if value.items else "[ ]"
        if isinstance(value, Object):
            value.check_asserts()
            return self._joined("{", self._fields(value), "}") if value.names() else "{ }"
        if isinstance(value, str):
            return quote_string(value)
        if isinstance(value, float):
            return number_text(value)
        if value is None or isinstance(value, bool):
            return _CONSTANTS[value]
        raise EvaluationError("a function cannot be converted to text")

    def _fields(self, value: Object) -> Iterator[Any]:
        for name in value.names():
            yield self._put_together([f"{quote_string(name)}: ", self.text(value.get(name))])

    def _joined(self, opening: str, parts: Iterator[Any], closing: str) -> Any:
        pieces: list[Any] = []
        for part in parts:
            pieces += [", " if pieces else opening, part]
        return self._put_together([*pieces, closing])

    def _put_together(self, pieces: Sequence[Any]) -> Any:
        """Pieces as one text; adjacent plain pieces are joined first."""
        merged: list[Any] = []
        for piece in pieces:
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            else:
                merged.append(piece)
        if len(merged) == 1:
            return merged[0]
        return self._operators.concatenated(merged)

    def _columns(self, values: Sequence[Any]) -> Any:
        (value,) = values
        if isinstance(value, SymbolicList):
            return self._list(value)
        kind = type_name_of(value)
        if kind == "string":
            typed = self._tracer.typed(value, Type.TEXT)
            return self._tracer.compute(
                "each", [typed], Type.TEXT, parameters=(quote_string,), label="a string in quotes"
            )
        if not isinstance(value, Symbol) or kind not in {"number", "boolean"}:
            raise PlanUnsupportedError("text from a value whose type differs between events")
        return self._operators.to_string(value)

    def _list(self, value: SymbolicList) -> Any:
        tracer = self._tracer
        value = lift_list(tracer, value)
        with tracer.inside(value.elements):
            text = self.text(force(value.item))
            argument = tracer.argument(tracer.typed(text, Type.TEXT))
        node = tracer.graph.node(
            "list_join",
            (argument, value.lengths),
            value.domain,
            Type.TEXT,
            parameters=(value.elements, ", "),
        )
        empty = self._operators.equals(tracer.list_length(value), 0.0)
        return tracer.choose(
            empty, lambda: "[ ]", lambda: self._put_together(["[", Symbol(node), "]"])
        )

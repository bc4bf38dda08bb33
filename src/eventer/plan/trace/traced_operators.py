"""`+`, `==`, order and text of values that can be symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.arithmetic import ARITHMETIC, modulo
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.context import Context
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import Operators, Pairs, describe
from eventer.jsonnet.values import Array
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.container_text import ContainerText
from eventer.plan.trace.integer_bounds import EXACT, bounds_of, is_integer
from eventer.plan.trace.traced_objects import merge_objects, object_of_dictionary
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError

_COMPARED: Final = {"<": "less", ">": "greater", "<=": "less_equal", ">=": "greater_equal"}


class TracedOperators(Operators):
    """The operators of the language for traces."""

    __slots__ = ("_tracer",)

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        super().__init__(meter)
        self._tracer = tracer

    # -- + --------------------------------------------------------------------------------------

    def add(self, left: Any, right: Any, elements: tuple[Context, ...]) -> Any:
        """See `Operators.add`."""
        if isinstance(left, Object) and isinstance(right, Object):
            return merge_objects(self._tracer, left, right, elements)
        if not isinstance(left, Symbolic) and not isinstance(right, Symbolic):
            return super().add(left, right, elements)

        def plain(one: Any, other: Any) -> Any:
            return self.add(one, other, elements)

        def vector(values: Sequence[Any]) -> Any:
            return self._add_columns(values, elements)

        return self._tracer.scalar([left, right], plain, vector)

    def _add_lists(self, values: Sequence[Any]) -> Any:
        from eventer.plan.trace.array_comprehensions import add_lists

        return add_lists(self._tracer, values[0], values[1])

    def _object_of(self, value: Any) -> Object:
        """A dictionary of objects as one object whose fields are dictionaries."""
        return value if isinstance(value, Object) else object_of_dictionary(self._tracer, value)

    def _add_columns(self, values: Sequence[Any], elements: tuple[Context, ...]) -> Any:
        kinds = [type_name_of(value) for value in values]
        if "string" in kinds:
            texts = [self.to_string(value) for value in values]
            return self.concatenated(texts)
        if kinds == ["number", "number"]:
            return self.number_of("add", values)
        if kinds == ["array", "array"]:
            return self._add_lists(values)
        if kinds == ["object", "object"]:
            sides = [self._object_of(value) for value in values]
            return merge_objects(self._tracer, sides[0], sides[1], elements)
        if None in kinds:
            raise PlanUnsupportedError("`+` of values whose types differ between events")
        raise EvaluationError(f"cannot add {kinds[0]} and {kinds[1]}")

    def _concatenate(self, left: Any, right: Any) -> Any:
        if isinstance(left, Symbolic) or isinstance(right, Symbolic):
            return self.concatenated([left, right])
        return super()._concatenate(left, right)

    def concatenated(self, texts: Sequence[Any]) -> Any:
        """The concatenation of texts."""
        texts = [self._tracer.typed(text, Type.TEXT) for text in texts]
        return self._tracer.compute("concatenate", texts, Type.TEXT)

    def number_of(self, operation: str, values: Sequence[Any]) -> Any:
        """Arithmetic on two numbers; the result is an INTEGER if it is certainly exact."""
        whole = _integer_result(operation, values)
        if whole is not None:
            typed = [self._tracer.typed(value, Type.INTEGER) for value in values]
            given = [int(v) if isinstance(v, float) else v for v in typed]
            return self._tracer.compute("integer_" + operation, given, Type.INTEGER, bounds=whole)
        typed = [self._tracer.typed(value, Type.NUMBER) for value in values]
        return self._checked(operation, typed)

    def _checked(self, operation: str, values: Sequence[Any]) -> Any:
        """An operation that may leave the finite numbers: those rows raise."""
        return self._tracer.compute(operation, values, Type.NUMBER)

    def arithmetic(self, operator: str, left: Any, right: Any) -> Any:
        """`- * / %` and the bitwise operators on numbers."""
        tracer = self._tracer

        def plain(one: Any, other: Any) -> Any:
            if not isinstance(one, float) or not isinstance(other, float):
                raise EvaluationError(f"`{operator}` needs numbers, not {describe(one)}")
            return modulo(one, other) if operator == "%" else ARITHMETIC[operator](one, other)

        def vector(values: Sequence[Any]) -> Any:
            kinds = [type_name_of(value) for value in values]
            if None in kinds:
                raise PlanUnsupportedError(
                    f"the operands of `{operator}` differ in type between events"
                )
            if kinds != ["number", "number"]:
                raise EvaluationError(f"`{operator}` needs numbers, not {kinds}")
            operation = _ARITHMETIC.get(operator)
            if operation is None:
                typed = [tracer.typed(value, Type.NUMBER) for value in values]
                return tracer.compute(
                    "each", typed, Type.NUMBER, parameters=(plain,), label=operator
                )
            return self.number_of(operation, values)

        return tracer.scalar([left, right], plain, vector)

    # -- equality and order ---------------------------------------------------------------------

    def equals(self, left: Any, right: Any) -> Any:
        """See `Operators.equals`; a symbol if it differs between rows."""
        return self._equals(left, right, None)

    def _equals(self, left: Any, right: Any, pairs: Pairs | None) -> Any:
        plain = super()._equals
        if not isinstance(left, Symbolic) and not isinstance(right, Symbolic):
            return plain(left, right, pairs)
        return self._tracer.scalar(
            [left, right], lambda one, other: plain(one, other, pairs), self._equal_columns
        )

    def _equal_containers(self, left: Any, right: Any, pairs: Pairs) -> Any:
        """See `Operators._equal_containers`; `pairs` also has the results and their domains."""
        tracer, pair = self._tracer, (id(left), id(right))
        _, _, domain, same = pairs.get(pair, (left, right, None, None))
        if domain is not None and tracer.domain.within(domain):
            return tracer.simplified(same)
        same = self._compare_containers(left, right, pairs)
        pairs[pair] = (left, right, tracer.domain, same)
        return same

    def _same_arrays(self, left: Array, right: Array, pairs: Pairs) -> Any:
        if len(left.items) != len(right.items):
            return False
        return self._all_equal(left.__getitem__, right.__getitem__, range(len(left.items)), pairs)

    def _same_objects(self, left: Object, right: Object, pairs: Pairs) -> Any:
        names = left.names()
        if names != right.names():
            return False
        return self._all_equal(left.get, right.get, names, pairs)

    def _all_equal(
        self,
        left: Callable[[Any], Any],
        right: Callable[[Any], Any],
        keys: Iterable[Any],
        pairs: Pairs,
    ) -> Any:
        """Whether both sides are equal at each key; later keys only in rows equal so far."""
        result: Any = True
        for key in keys:
            result = self.both(
                result,
                lambda key=key: self._equals(left(key), right(key), pairs),  # type: ignore[misc]
            )
            if result is False:
                return False
        return result

    def both(self, first: Any, second: Callable[[], Any]) -> Any:
        """`first && second` of booleans."""
        return self._tracer.choose(first, second, lambda: False)

    def _equal_columns(self, values: Sequence[Any]) -> Any:
        tracer, kinds = self._tracer, [type_name_of(value) for value in values]
        for one, other in (values, values[::-1]):
            if isinstance(one, SymbolicList) and isinstance(other, Array) and not other.items:
                return self.equals(tracer.list_length(one), 0.0)
        if any(isinstance(value, SymbolicList) for value in values) or None in kinds:
            raise PlanUnsupportedError("equality of lists, or of values whose types differ")
        if kinds[0] != kinds[1]:
            return False
        kind = kinds[0]
        if kind == "number":
            operation, target = "equal", _numeric(values)
        elif kind == "string":
            operation, target = "text_equal", Type.TEXT
        elif kind == "boolean":
            operation, target = "equal", Type.BOOLEAN
        else:
            raise PlanUnsupportedError(f"equality of values that are {kind}")
        typed = [tracer.typed(value, target) for value in values]
        return tracer.compute(operation, typed, Type.BOOLEAN)

    def ordered(self, operator: str, left: Any, right: Any) -> Any:
        """`< > <= >=`."""
        test = _TESTS[operator]

        def plain(one: Any, other: Any) -> Any:
            return test(super(TracedOperators, self)._order(one, other, None))

        def vector(values: Sequence[Any]) -> Any:
            kinds = [type_name_of(value) for value in values]
            if None in kinds or "array" in kinds:
                raise PlanUnsupportedError(
                    f"the operands of `{operator}` differ in type between events"
                )
            if kinds[0] != kinds[1] or kinds[0] not in {"number", "string"}:
                raise EvaluationError(f"cannot compare {kinds[0]} with {kinds[1]}")
            target = _numeric(values) if kinds[0] == "number" else Type.TEXT
            operation = ("" if kinds[0] == "number" else "text_") + _COMPARED[operator]
            typed = [self._tracer.typed(value, target) for value in values]
            return self._tracer.compute(operation, typed, Type.BOOLEAN)

        return self._tracer.scalar([left, right], plain, vector)

    def _order(self, left: Any, right: Any, pairs: Pairs | None) -> int:
        """See `Operators.compare`; only for plain values."""
        if isinstance(left, Symbolic) or isinstance(right, Symbolic):
            raise PlanUnsupportedError("a sort of values that differ between events")
        return super()._order(left, right, pairs)

    # -- text -----------------------------------------------------------------------------------

    def to_string(self, value: Any) -> Any:
        """See `Operators.to_string`."""
        if isinstance(value, Array | Object | SymbolicList):
            return ContainerText(self._tracer, self).text(value)
        if not isinstance(value, Symbolic):
            return super().to_string(value)
        return self._tracer.scalar([value], self.to_string, self._text_column)

    def _text_column(self, values: Sequence[Any]) -> Any:
        (value,) = values
        kind = type_name_of(value)
        if kind == "string":
            return value
        if not isinstance(value, Symbol) or kind not in {"number", "boolean"}:
            raise PlanUnsupportedError("text from a value whose type differs between events")
        if kind == "boolean":
            return self._tracer.compute(
                "entries", [value], Type.DICTIONARY, entries=("false", "true")
            )
        operation = "integer_text" if value.node.type is Type.INTEGER else "number_text"
        return self._tracer.compute(operation, [value], Type.TEXT)


_ARITHMETIC: Final = {"-": "subtract", "*": "multiply", "/": "divide", "%": "remainder"}
_TESTS: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def _numeric(values: Sequence[Any]) -> Type:
    """INTEGER if all values are integers, else NUMBER."""
    return Type.INTEGER if all(is_integer(value) for value in values) else Type.NUMBER


def _integer_result(operation: str, values: Sequence[Any]) -> tuple[int, int] | None:
    """The bounds of a result that is certainly an exact integer; else None."""
    if operation not in _INTEGER or not all(is_integer(value) for value in values):
        return None
    bounds = [bounds_of(value) for value in values]
    if bounds[0] is None or bounds[1] is None:
        return None
    low, high = _INTEGER[operation](bounds[0], bounds[1])
    return (low, high) if low > -EXACT and high < EXACT else None


_Bounds = tuple[int, int]


def _product(one: _Bounds, other: _Bounds) -> _Bounds:
    """The bounds of a product; negative factors have none, because 0 times them is -0."""
    if one[0] < 0 or other[0] < 0:
        return -int(EXACT), int(EXACT)
    return one[0] * other[0], one[1] * other[1]


_INTEGER: Final[dict[str, Callable[[_Bounds, _Bounds], _Bounds]]] = {
    "add": lambda one, other: (one[0] + other[0], one[1] + other[1]),
    "subtract": lambda one, other: (one[0] - other[1], one[1] - other[0]),
    "multiply": _product,
}

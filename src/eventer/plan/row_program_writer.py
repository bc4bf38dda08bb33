"""Writes the row program of a traced value."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.json_text import json_text, string_text
from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.core.written_part import OmittedFields, without_fields
from eventer.functions.spec import BoundCall, ColumnCall
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Function, force
from eventer.kernels.json.instructions import RowOp
from eventer.plan.graph import Domain, Literal, Node, Type, source_node
from eventer.plan.row_program import BoundRowProgram, Layout
from eventer.plan.row_program_builder import MAX_LITERALS, RowProgramBuilder
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, SymbolicList
from eventer.plan.trace.context_natives import is_context_text
from eventer.plan.trace.row_views import lift_list
from eventer.plan.trace.traced_objects import Chain, OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError

NOTHING: Final[OmittedFields] = {}


class RowProgramWriter:
    """Writes the program of a value in the current domain."""

    _json_text: Callable[[JsonValue], str] = staticmethod(json_text)

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._out = RowProgramBuilder(self._json_text)

    def program(self, value: Any, omitted: OmittedFields = NOTHING) -> BoundRowProgram:
        """The program that writes a value without the omitted fields.

        Raises:
            PlanUnsupportedError: the program is too large, or the plan does not cover a value.
            EvaluationError: every row raises.
            BudgetError: the steps or the time of the trace are exceeded.
        """
        self._value(value, omitted)
        return self._out.program()

    # -- values ---------------------------------------------------------------------------------

    def _value(self, operand: Any, omitted: OmittedFields = NOTHING) -> None:
        self._tracer.charge(1)
        value = self._tracer.simplified(force(operand))
        if isinstance(value, Symbol):
            self._symbol(value, omitted)
        elif isinstance(value, Choice):
            self._choice(value, omitted)
        elif isinstance(value, SymbolicList):
            self._list(value)
        elif isinstance(value, Array):
            self._array(value)
        elif isinstance(value, Object):
            self._object(value, omitted)
        elif isinstance(value, Function | AlwaysRaises):
            raise EvaluationError("a function is not a JSON value")
        else:
            if isinstance(value, str) and len(value) > MAX_LITERALS:
                raise PlanUnsupportedError(
                    f"an event has a constant text of {len(value):,} characters"
                )
            self._out.add_literal(self._json_text(value))

    def _symbol(self, value: Symbol, omitted: OmittedFields) -> None:
        if is_context_text(value):
            call = source_node(value.node).parameters[0]
            self._out.add_input(call, self._tracer.domain)
            return
        node = self._tracer.lift(value.node)
        if node.type is Type.DICTIONARY:
            entries = node.entries
            if omitted:
                entries = tuple(without_fields(entry, omitted) for entry in entries)
            self._out.emit_column(RowOp.ENTRY, Layout.NUMBERS, node, self._out.dictionary(entries))
            return
        if node.type is Type.VALUE:
            if omitted:
                node = without_fields_of_values(self._tracer, value, omitted).node
            graph, domain = self._tracer.graph, self._tracer.domain
            texts = graph.node(
                "value_text", (node,), domain, Type.TEXT, parameters=(self._json_text,)
            )
            self._out.emit_column(RowOp.RAW, Layout.TEXT, texts)
            return
        if _is_of_plain_parts(node):
            self._parts(node)
            return
        self._scalar(node)

    def _scalar(self, node: Node) -> None:
        op, layout = _SCALARS[node.type]
        self._out.emit_column(RowOp.PLAIN if _is_plain(node) else op, layout, node)

    def _parts(self, node: Node) -> None:
        """Writes the parts of a concatenation, without a column of the joined texts."""
        self._out.add_literal('"')
        for part in node.arguments:
            if isinstance(part, Literal):
                assert isinstance(part.value, str)
                self._out.add_literal(string_text(part.value)[1:-1])
            elif part.operation == "integer_text":
                (number,) = part.arguments
                assert isinstance(number, Node)
                self._out.emit_column(RowOp.INTEGER, Layout.NUMBERS, number)
            else:
                self._out.emit_column(RowOp.RAW, Layout.TEXT, part)
        self._out.add_literal('"')

    def _choice(self, value: Choice, omitted: OmittedFields) -> None:
        self._branch(
            value.condition,
            lambda: self._value(self._tracer.side_of(value, holds=True), omitted),
            lambda: self._value(self._tracer.side_of(value, holds=False), omitted),
        )

    def _branch(
        self, condition: Symbol, then: Callable[[], None], otherwise: Callable[[], None] | None
    ) -> None:
        mask = self._tracer.truth(condition)
        parts = [self._tracer.part(condition, holds=holds) for holds in (True, False)]
        self._out.change_depth(1)
        branch = self._out.emit_column(RowOp.BRANCH, Layout.SELECTOR, mask)
        self._side(parts[0], then)
        self._out.emit(RowOp.RESTORE)
        jump = self._out.emit(RowOp.JUMP)
        self._out.patch_jump(branch)
        if otherwise is not None:
            self._side(parts[1], otherwise)
        self._out.emit(RowOp.RESTORE)
        self._out.patch_jump(jump)
        self._out.change_depth(-1)

    def _side(self, part: Domain, write: Callable[[], None]) -> None:
        """Writes the text of some rows, or nothing if all of them raise."""
        before = self._out.checkpoint()
        with self._tracer.inside(part):
            try:
                write()
                self._out.flush()
            except EvaluationError as error:
                self._out.roll_back(before)
                self._tracer.graph.add_raising_rows(part, None, str(error))

    def _list(self, value: SymbolicList) -> None:
        value = lift_list(self._tracer, value)
        self._out.add_literal("[")
        self._out.change_depth(2)
        loop = self._out.emit_column(RowOp.LOOP, Layout.LIST, value.lengths)
        body = self._out.next_instruction()
        self._side(value.elements, lambda: self._value(value.item))
        self._out.emit(RowOp.NEXT, 0, body)
        self._out.patch_jump(loop)
        self._out.change_depth(-2)
        self._out.add_literal("]")

    def _array(self, value: Array) -> None:
        before = "["
        for item in value.items:
            self._out.add_literal(before)
            before = ","
            self._value(item)
        self._out.add_literal("]" if value.items else "[]")

    # -- objects --------------------------------------------------------------------------------

    def _object(self, value: Object, omitted: OmittedFields) -> None:
        value.check_asserts()
        fields = [each for each in _fields(value) if omitted.get(each[0], NOTHING) is not None]
        self._out.add_literal("{")
        sure = False
        for number, (name, chain) in enumerate(fields):
            optional = chain is not None and isinstance(chain[-1][1], OptionalMember)
            separator = "" if number == 0 else "," if sure else None
            inner = omitted.get(name) or NOTHING
            if optional and chain is not None and isinstance(value, TracedObject):
                self._optional(value, name, chain, separator, inner)
            else:
                self._named(name, separator)
                span = (chain[-1][1] if chain else value.table[name][1]).span
                self._field(partial(value.get, name), span, inner)
            sure = sure or not optional
        self._out.add_literal("}")

    def _field(self, read: Callable[[], Any], span: Span | None, omitted: OmittedFields) -> None:
        """Writes the value of a field; errors without a place get the place of the field."""
        try:
            self._value(read(), omitted)
        except (TemplateError, PlanUnsupportedError) as error:
            if span is not None:
                error.at(span)
            raise

    def _named(self, name: str, separator: str | None) -> None:
        """Writes a field name; without a `separator` the kernel decides about the comma."""
        if separator is None:
            self._out.emit(RowOp.SEPARATE)
        self._out.add_literal(f"{separator or ''}{string_text(name)}:")

    def _optional(
        self,
        value: TracedObject,
        name: str,
        chain: Chain,
        separator: str | None,
        omitted: OmittedFields,
    ) -> None:
        """Writes a field that some rows do not have."""
        if not chain:
            return
        number, member, _ = chain[0]
        assert isinstance(member, OptionalMember)
        condition = self._tracer.simplified(member.condition)

        def write_field() -> None:
            self._named(name, separator)
            self._field(lambda: value.part(number, member, name), member.span, omitted)

        if condition is True:
            write_field()
        elif condition is False:
            self._optional(value, name, chain[1:], separator, omitted)
        else:
            rest = chain[1:]

            def write_rest() -> None:
                self._optional(value, name, rest, separator, omitted)

            self._branch(condition, write_field, write_rest if rest else None)


class DocumentWriter(RowProgramWriter):
    """Writes the program of a JSON document that reads back as the same value, -0 included.

    Events have 0 instead of -0.
    """

    _json_text = staticmethod(json.dumps)

    def _scalar(self, node: Node) -> None:
        if node.type is not Type.NUMBER:
            super()._scalar(node)
            return
        graph, domain = self._tracer.graph, self._tracer.domain
        texts = graph.node("number_text", (node,), domain, Type.TEXT)
        self._out.emit_column(RowOp.RAW, Layout.TEXT, texts)


def _fields(value: Object) -> list[tuple[str, Chain | None]]:
    if isinstance(value, TracedObject):
        return list(value.fields())
    return [(name, None) for name in value.names()]


def without_fields_of_values(tracer: Tracer, value: Symbol, omitted: OmittedFields) -> Symbol:
    """A column of JSON values without the omitted fields."""

    def part(entry: JsonValue) -> JsonValue:
        return without_fields(entry, omitted)

    return tracer.compute("each", [value], Type.VALUE, parameters=(part,), label="a value")


def _is_of_plain_parts(node: Node) -> bool:
    return node.operation == "concatenate" and all(
        isinstance(part, Literal) or _is_plain(part) for part in node.arguments
    )


def _is_plain(node: Node) -> bool:
    """Whether a column has texts without JSON escapes."""
    source = source_node(node)
    if node.type is not Type.TEXT or source.operation not in _PLAIN:
        return False
    if source.operation != "draw_values":
        return True
    drawn = source.arguments[0]
    assert isinstance(drawn, Node)
    call: BoundCall | ColumnCall = source_node(drawn).parameters[0]
    return not call.needs_escapes


_PLAIN: Final = frozenset({"draw_values", "integer_text", "number_text", "format_number"})
"""Operations whose texts need no JSON escapes, apart from calls with `needs_escapes`."""
_SCALARS: Final = {
    Type.INTEGER: (RowOp.INTEGER, Layout.NUMBERS),
    Type.NUMBER: (RowOp.DOUBLE, Layout.DOUBLES),
    Type.BOOLEAN: (RowOp.BOOLEAN, Layout.BOOLEANS),
    Type.TEXT: (RowOp.TEXT, Layout.TEXT),
}

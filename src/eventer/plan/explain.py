"""The explanation of a plan as data: its columns, domains and row programs.

The same template and seed give the same explanation in any process. It has only the columns (`%3`)
and domains (`d1`) that the event needs, numbered in order. `explain_text.py` formats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from eventer.core.json_text import json_text
from eventer.core.source import Span
from eventer.kernels.json.instructions import RowOp
from eventer.plan.explain_constants import constant_parts
from eventer.plan.explain_reachable import ReachableNodes
from eventer.plan.explanation import (
    ExplainedColumn,
    ExplainedDomain,
    ExplainedInstruction,
    ExplainedRaisingRows,
    PlanExplanation,
)
from eventer.plan.graph import Argument, Domain, Elements, Filter, Literal, Node, Referenced, Type
from eventer.plan.inputs import PlanInputs
from eventer.plan.row_program import BoundRowProgram

if TYPE_CHECKING:
    from eventer.plan.stream_plan import StreamPlan

MAX_SHOWN: Final = 60
"""Characters shown of one value."""
FIRST_SHOWN: Final = 3
"""Entries shown of a dictionary."""
PER_ELEMENT: Final = "per element"


def node_names(plan: StreamPlan) -> NodeNames:
    """The names of the columns and domains that the event needs."""
    graph = plan.traced.tracer.graph
    reachable = ReachableNodes()
    reachable.add([graph.root, plan.program])
    reachable.add(
        each for effect in graph.raising_rows for each in (effect.domain, effect.condition)
    )
    return NodeNames(reachable, plan.inputs)


def explain_plan(plan: StreamPlan) -> PlanExplanation:
    """The explanation of a plan."""
    raising_rows = tuple(plan.traced.tracer.graph.raising_rows)
    constant = constant_parts(plan.traced.tracer, plan.traced.value)
    names = node_names(plan)
    columns = tuple(map(names.column, names.nodes))
    return PlanExplanation(
        columns=columns,
        domains=tuple(map(names.rows, names.domains)),
        program=names.steps(plan.program),
        documents=tuple(
            (names(node), names.steps(node.parameters[0]))
            for node in names.nodes
            if node.operation == "document"
        ),
        raising=tuple(
            ExplainedRaisingRows(
                names(effect.domain),
                None if effect.condition is None else names(effect.condition),
                effect.what,
                *_line_and_column(effect.span),
            )
            for effect in raising_rows
        ),
        one_by_one=tuple(column.name for column in columns if column.operation == "each"),
        constant=constant,
        timed=plan.timed,
    )


class NodeNames:
    """Names columns and domains by their order in the plan."""

    def __init__(self, reachable: ReachableNodes, inputs: PlanInputs) -> None:
        self._inputs = inputs
        self.nodes: Sequence[Node] = reachable.nodes()
        self.domains: Sequence[Domain] = reachable.domains()
        self._names: dict[Node | Domain, str] = {
            **{node: f"%{number}" for number, node in enumerate(self.nodes)},
            **{domain: f"d{number}" for number, domain in enumerate(self.domains)},
        }

    def __call__(self, thing: Node | Domain) -> str:
        """The name of a column or a domain."""
        return self._names[thing]

    def find(self, node: Node) -> str | None:
        """The name of a column, if the event needs it."""
        return self._names.get(node)

    def column(self, node: Node) -> ExplainedColumn:
        """The explanation of a column."""
        line, column = _line_and_column(node.span) if node.operation == "each" else (None, None)
        return ExplainedColumn(
            name=self(node),
            domain=self(node.domain),
            type=node.type.value,
            operation=node.operation,
            arguments=(*map(self._argument, node.arguments), *self._parameters(node)),
            what=node.label,
            key=self._key(node),
            entries=len(node.entries) if node.type is Type.DICTIONARY else None,
            first=tuple(abbreviated_json(entry) for entry in node.entries[:FIRST_SHOWN]),
            bounds=node.bounds,
            line=line,
            column=column,
        )

    def rows(self, domain: Domain) -> ExplainedDomain:
        """The explanation of a domain."""
        parent = None if domain.parent is None else self(domain.parent)
        if isinstance(domain, Filter):
            return ExplainedDomain(
                self(domain), "filter", parent, self(domain.condition), domain.holds
            )
        if isinstance(domain, Elements):
            return ExplainedDomain(self(domain), "elements", parent, self(domain.lengths))
        if isinstance(domain, Referenced):
            kind = "earlier" if domain.earlier else "referenced"
            return ExplainedDomain(self(domain), kind, parent, self(domain.index))
        return ExplainedDomain(self(domain), "root")

    def steps(self, program: BoundRowProgram) -> tuple[ExplainedInstruction, ...]:
        """The instructions of a row program."""
        program = self._inputs.context.bound(program)
        slots = map(program.slot, range(len(program.rows.code)))
        return tuple(
            ExplainedInstruction(
                RowOp(op).name.lower(),
                column=None if slot is None else self(slot.node),
                text=_literal(program, a, b) if op == RowOp.LITERAL else None,
                to=b if op in _JUMPING else None,
            )
            for slot, (op, a, b) in zip(slots, program.rows.code.tolist(), strict=True)
        )

    def _argument(self, argument: Argument) -> str:
        return abbreviated_json(argument.value) if isinstance(argument, Literal) else self(argument)

    def _key(self, node: Node) -> str | None:
        at = _DRAW_KEY_PARAMETER.get(node.operation)
        if at is None:
            return None
        if len(node.parameters) <= at:
            return PER_ELEMENT
        return _hex(self._inputs.key(node.parameters[at]))

    def _parameters(self, node: Node) -> Iterable[str]:
        """The parameters of an operation, except its draw key."""
        at = _DRAW_KEY_PARAMETER.get(node.operation)
        parameters = [each for number, each in enumerate(node.parameters) if number != at]
        texts = [text for each in parameters if (text := self._parameter(node, each)) is not None]
        if len(texts) > FIRST_SHOWN and node.operation in _LONG:
            return (f"{len(texts)} of {', '.join(texts[:FIRST_SHOWN])}, …",)
        return texts

    def _parameter(self, node: Node, parameter: Any) -> str | None:
        if isinstance(parameter, Node | Domain):
            return self(parameter)
        if node.operation == "key_child":
            return _hex(parameter)
        if isinstance(parameter, str | float | bool | type(None) | list | dict):
            return abbreviated_json(parameter)
        return str(parameter) if isinstance(parameter, int) else None


_DRAW_KEY_PARAMETER: Final = {
    "draw": 1,
    "draw_with_columns": 1,
    "key_element": 0,
}
"""The parameter that is the draw key, unless an argument is."""
_LONG: Final = frozenset({"truth", "typed"})
_JUMPING: Final = frozenset({RowOp.BRANCH, RowOp.JUMP, RowOp.LOOP, RowOp.NEXT})


def _hex(number: int) -> str:
    return f"{int(number) % (1 << 64):016x}"


def _literal(program: BoundRowProgram, start: int, size: int) -> str:
    return program.rows.literals[start : start + size].decode()


def _line_and_column(span: Span | None) -> tuple[int | None, int | None]:
    return (None, None) if span is None else (span.line, span.column)


def abbreviated_json(value: Any) -> str:
    """The JSON text of a value, abbreviated."""
    return abbreviate(json_text(value))


def abbreviate(text: str) -> str:
    """A text of at most `MAX_SHOWN` characters."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"

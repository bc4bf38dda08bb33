"""Natives of a trace whose dataset and instance id are inputs of the plan."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from eventer.core.model import EventContext
from eventer.functions.metadata import ContextText
from eventer.functions.spec import BoundCall
from eventer.plan.graph import Node, Type, source_node
from eventer.plan.ops.context_texts import CONTEXT_TEXT
from eventer.plan.references import ReferencedPrograms
from eventer.plan.symbols import Symbol
from eventer.plan.trace.traced_natives import TracedNatives


def is_context_text(value: Any) -> bool:
    """Whether a value is a dataset or an instance id that is an input of the plan."""
    return isinstance(value, Symbol) and source_node(value.node).operation == CONTEXT_TEXT


class ContextNatives(TracedNatives):
    """`get_dataset` and `get_instance_id` give columns; `texts` are those so far."""

    def __init__(
        self,
        references: ReferencedPrograms = MappingProxyType({}),
        own_name: str = "",
        texts: set[Node] | None = None,
        **inherited: Any,
    ) -> None:
        super().__init__(EventContext(), references=references, own_name=own_name, **inherited)
        self.texts: set[Node] = set() if texts is None else texts

    def of_earlier_events(self) -> TracedNatives:
        """See `TracedNatives.of_earlier_events`."""
        return ContextNatives(texts=self.texts, **self._of_earlier_events())

    def constant(self, call: BoundCall) -> Any:
        """The value of a function without randomness."""
        if not isinstance(call, ContextText):
            return super().constant(call)
        graph = self.traced.graph
        text = graph.node(CONTEXT_TEXT, (), graph.root, Type.TEXT, parameters=(call,))
        self.texts.add(text)
        return Symbol(text)

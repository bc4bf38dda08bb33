"""Draw keys in a trace: steps from the root key, or columns inside lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventer.kernels import draw
from eventer.plan.draw_keys import DrawKeyTable
from eventer.plan.graph import Graph, Node, Type


@dataclass(frozen=True, slots=True)
class KeySymbol:
    """A draw key per row."""

    node: Node


@dataclass(frozen=True, slots=True)
class PositionStep:
    """The position of an element as a step of keys, which differs between rows."""

    node: Node


class TracedKeys:
    """`eventer.jsonnet.natives.DrawKeys` for keys and steps that can be columns."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.table = DrawKeyTable()

    step_of = staticmethod(draw.step_of)

    def child(self, key: Any, step: Any) -> Any:
        """H(key, step)."""
        if isinstance(step, PositionStep):
            return self._element(key, step.node)
        if isinstance(key, KeySymbol):
            node = key.node
            child = self._graph.node(
                "key_child", (node,), node.domain, Type.KEY, parameters=(step,)
            )
            return KeySymbol(child)
        return self.table.child(key, step)

    def _element(self, key: Any, position: Node) -> KeySymbol:
        graph, domain = self._graph, position.domain
        if not isinstance(key, KeySymbol):
            node = graph.node("key_element", (position,), domain, Type.KEY, parameters=(key,))
            return KeySymbol(node)
        outer = key.node
        if outer.domain is not domain:
            outer = graph.node("take", (outer,), domain, Type.KEY)
        return KeySymbol(graph.node("key_elements", (outer, position), domain, Type.KEY))

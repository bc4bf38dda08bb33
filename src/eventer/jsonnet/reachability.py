"""The part of a file that is reachable from its root, and the dependencies of locals.

A local is reachable if the root's text mentions it, or the text of a reachable local does. Depth is
the number of steps from the root (`canonical_forms`); a `local` does not count as a step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eventer.jsonnet.canonical_forms import form_of, in_source_order
from eventer.jsonnet.name_resolution import Binder, BinderMap
from eventer.jsonnet.nodes import (
    Apply,
    ArrayComp,
    Bind,
    Expr,
    Function,
    Import,
    Local,
    Node,
    Object,
    ObjectComp,
    Var,
)

_BINDING_NODES: Final = (Local, Object, ObjectComp, Function, ArrayComp)


@dataclass(frozen=True, slots=True)
class Reachability:
    """The reachable part of a file.

    `depths` of binding nodes and `dependencies` of locals (the locals that their own text uses) are
    keyed by the `id` of node and bind. `reachable_binders` are the binders of reachable locals.
    `imports` are pairs of kind and path.
    """

    depths: dict[int, int] = field(default_factory=dict)
    reachable_binders: dict[int, Binder] = field(default_factory=dict)
    dependencies: dict[int, list[int]] = field(default_factory=dict)
    imports: set[tuple[str, str]] = field(default_factory=set)
    argument_names: set[str] = field(default_factory=set)

    def body_depth(self, binder: Binder) -> int:
        """The depth of a local's bound expression: one step below its scope."""
        return self.depths[id(binder.owner)] + 1


def reachability(root: Expr, binders: BinderMap) -> Reachability:
    """Walks the reachable part of a core tree."""
    return _ReachabilityVisitor(binders).run(root)


class _ReachabilityVisitor:
    def __init__(self, binders: BinderMap) -> None:
        self._binders = binders
        self._reachability = Reachability()
        self._worklist: list[tuple[Bind, Binder]] = []

    def run(self, root: Expr) -> Reachability:
        self._visit(root, 0, [])
        while self._worklist:
            bind, binder = self._worklist.pop()
            dependencies = self._reachability.dependencies[id(bind)]
            self._visit(bind.body, self._reachability.body_depth(binder), dependencies)
        return self._reachability

    def _visit(self, root: Expr, depth: int, dependencies: list[int]) -> None:
        stack = [(root, depth)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, _BINDING_NODES):
                self._reachability.depths[id(node)] = depth
            if isinstance(node, Local):
                stack.append((node.body, depth))
            elif isinstance(node, Var):
                self._visit_reference(node, dependencies)
            else:
                self._record(node)
                children = form_of(node, in_source_order).children
                stack += [(each, depth + 1) for _, each in children]

    def _record(self, node: Node) -> None:
        if isinstance(node, Import):
            self._reachability.imports.add((node.kind, node.path))
        elif isinstance(node, Apply):
            self._reachability.argument_names.update([each.name for each in node.named])

    def _visit_reference(self, node: Var, dependencies: list[int]) -> None:
        binder = self._binders.get(id(node))
        if binder is None or binder.bind is None:
            return
        bind = binder.bind
        dependencies.append(id(bind))
        if id(bind) not in self._reachability.reachable_binders:
            self._reachability.reachable_binders[id(bind)] = binder
            self._reachability.dependencies[id(bind)] = []
            self._worklist.append((bind, binder))


def strongly_connected_components(dependencies: dict[int, list[int]]) -> list[list[int]]:
    """Groups of mutually recursive locals, each after the locals that it needs.

    Tarjan's algorithm, without recursion.
    """
    return _Tarjan(dependencies).run()


class _Tarjan:
    def __init__(self, dependencies: dict[int, list[int]]) -> None:
        self._dependencies = dependencies
        self._number: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._open: dict[int, None] = {}
        self._groups: list[list[int]] = []

    def run(self) -> list[list[int]]:
        for start in self._dependencies:
            if start not in self._number:
                self._from(start)
        return self._groups

    def _from(self, start: int) -> None:
        way = [(start, iter(self._dependencies[start]))]
        self._begin(start)
        while way:
            here, rest = way[-1]
            for there in rest:
                if there not in self._number:
                    self._begin(there)
                    way.append((there, iter(self._dependencies[there])))
                    break
                if there in self._open:
                    self._low[here] = min(self._low[here], self._number[there])
            else:
                way.pop()
                self._end(here, way[-1][0] if way else None)

    def _begin(self, local: int) -> None:
        self._number[local] = self._low[local] = len(self._number)
        self._open[local] = None

    def _end(self, local: int, before: int | None) -> None:
        if before is not None:
            self._low[before] = min(self._low[before], self._low[local])
        if self._low[local] == self._number[local]:
            group: list[int] = []
            while not group or group[-1] != local:
                group.append(self._open.popitem()[0])
            self._groups.append(group)

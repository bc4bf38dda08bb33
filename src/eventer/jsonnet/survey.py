"""What of a file can be reached from its root, and which locals need which.

A local counts only if the root's text mentions it, or the text of a local that counts. Depth is
the number of steps from the root (`forms`); a `local` is no step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eventer.jsonnet.forms import form_of, in_source_order
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
from eventer.jsonnet.scope import Binder, Meanings

_OWNERS: Final = (Local, Object, ObjectComp, Function, ArrayComp)


@dataclass(frozen=True, slots=True)
class Survey:
    """The reachable part of a file.

    `depths` of all nodes that bind variables and `needs` of each local (the locals that its own
    text mentions) are by the `id` of node and bind; `binders` are those of the reachable locals.
    `imports` are pairs of kind and path.
    """

    depths: dict[int, int] = field(default_factory=dict)
    binders: dict[int, Binder] = field(default_factory=dict)
    needs: dict[int, list[int]] = field(default_factory=dict)
    imports: set[tuple[str, str]] = field(default_factory=set)
    argument_names: set[str] = field(default_factory=set)

    def body_depth(self, binder: Binder) -> int:
        """The depth of a local's bound expression: one step below its scope."""
        return self.depths[id(binder.owner)] + 1


def survey(root: Expr, meanings: Meanings) -> Survey:
    """Walks the reachable part of a core tree."""
    return _Surveyor(meanings).run(root)


class _Surveyor:
    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._found = Survey()
        self._waiting: list[tuple[Bind, Binder]] = []

    def run(self, root: Expr) -> Survey:
        self._text(root, 0, [])
        while self._waiting:
            bind, binder = self._waiting.pop()
            needs = self._found.needs[id(bind)]
            self._text(bind.body, self._found.body_depth(binder), needs)
        return self._found

    def _text(self, root: Expr, depth: int, needs: list[int]) -> None:
        stack = [(root, depth)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, _OWNERS):
                self._found.depths[id(node)] = depth
            if isinstance(node, Local):
                stack.append((node.body, depth))
            elif isinstance(node, Var):
                self._mention(node, needs)
            else:
                self._note(node)
                limbs = form_of(node, in_source_order).limbs
                stack += [(each, depth + 1) for _, each in limbs]

    def _note(self, node: Node) -> None:
        if isinstance(node, Import):
            self._found.imports.add((node.kind, node.path))
        elif isinstance(node, Apply):
            self._found.argument_names.update([each.name for each in node.named])

    def _mention(self, node: Var, needs: list[int]) -> None:
        binder = self._meanings.get(id(node))
        if binder is None or binder.bind is None:
            return
        bind = binder.bind
        needs.append(id(bind))
        if id(bind) not in self._found.binders:
            self._found.binders[id(bind)] = binder
            self._found.needs[id(bind)] = []
            self._waiting.append((bind, binder))


def groups(needs: dict[int, list[int]]) -> list[list[int]]:
    """Locals in an order in which each comes after those it needs, recursive ones together.

    Tarjan's strongly connected components, without recursion.
    """
    return _Tarjan(needs).run()


class _Tarjan:
    def __init__(self, needs: dict[int, list[int]]) -> None:
        self._needs = needs
        self._number: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._open: dict[int, None] = {}
        self._groups: list[list[int]] = []

    def run(self) -> list[list[int]]:
        for start in self._needs:
            if start not in self._number:
                self._from(start)
        return self._groups

    def _from(self, start: int) -> None:
        way = [(start, iter(self._needs[start]))]
        self._begin(start)
        while way:
            here, rest = way[-1]
            for there in rest:
                if there not in self._number:
                    self._begin(there)
                    way.append((there, iter(self._needs[there])))
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

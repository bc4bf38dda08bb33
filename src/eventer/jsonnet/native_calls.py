"""Finds the calls of natives and of `std` that are known from the text alone."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.jsonnet.name_resolution import resolve_names
from eventer.jsonnet.nodes import Apply, Bind, Expr, Index, Literal, StdReference, Var
from eventer.jsonnet.walk import walk_nodes


def native_calls(tree: Expr) -> Iterator[tuple[str, Apply]]:
    """The calls of natives with their names, in source order."""
    names = StaticNames(tree)
    for node in walk_nodes(tree):
        if isinstance(node, Apply):
            name = names.native(node.target)
            if name is not None:
                yield name, node


class StaticNames:
    """The meanings of variables in one tree."""

    def __init__(self, tree: Expr) -> None:
        self._binders = resolve_names(tree)

    def bind_of(self, node: Var) -> Bind | None:
        """The local that a variable names."""
        binder = self._binders.get(id(node))
        return binder.bind if binder is not None else None

    def value(self, node: Expr) -> Expr:
        """What a variable is bound to, through further variables."""
        seen: set[int] = set()
        while isinstance(node, Var) and id(node) not in seen:
            seen.add(id(node))
            bind = self.bind_of(node)
            if bind is None:
                break
            node = bind.body
        return node

    def native(self, target: Expr) -> str | None:
        """The name, if a function is `std.native(name)`; variables may stand for both parts."""
        value = self.value(target)
        if not isinstance(value, Apply) or not value.positional:
            return None
        if self.std(self.value(value.target)) == "native":
            name = value.positional[0]
            if isinstance(name, Literal) and isinstance(name.value, str):
                return name.value
        return None

    def std(self, node: Expr) -> str | None:
        """The name, if a function is `std.name`."""
        if isinstance(node, StdReference):
            return node.name
        if not (isinstance(node, Index) and isinstance(node.target, Var)):
            return None
        if node.target.name != "std" or id(node.target) in self._binders:
            return None
        index = node.index
        return index.value if isinstance(index, Literal) and isinstance(index.value, str) else None

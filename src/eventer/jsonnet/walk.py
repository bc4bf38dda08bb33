"""Traversal of trees: the nodes below a node, replacing them, and the limit of the height.

Every stage after the parser recurses over the tree, so the height is limited here, once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final, TypeVar

from eventer.core.errors import TemplateSyntaxError
from eventer.jsonnet import nodes
from eventer.jsonnet.nodes import Node

NodeT = TypeVar("NodeT", bound=Node)

MAX_HEIGHT: Final = 3_000
"""The most nodes on a path from the root to a leaf."""

_RECURSION_LIMIT: Final = 25_000

_NODE_FIELDS: Final[dict[type[Node], tuple[str, ...]]] = {
    kind: tuple(part.name for part in fields(kind))
    for kind in vars(nodes).values()
    if isinstance(kind, type) and issubclass(kind, Node)
}


def child_nodes(node: Node) -> list[Node]:
    """The nodes directly below a node, in the order of its parts."""
    below: list[Node] = []
    for name in _NODE_FIELDS[type(node)]:
        part = getattr(node, name)
        if isinstance(part, Node):
            below.append(part)
        elif type(part) is tuple:
            below += part
    return below


def map_children(node: NodeT, change: Callable[[Any], Node]) -> NodeT:
    """The node with `change` applied to each node directly below it."""
    parts: list[Any] = []
    changed = False
    for name in _NODE_FIELDS[type(node)]:
        old = getattr(node, name)
        new: object = old
        if isinstance(old, Node):
            new = change(old)
        elif type(old) is tuple and old:
            new = tuple([change(each) for each in old])
        changed = changed or new is not old
        parts.append(new)
    return type(node)(*parts) if changed else node


def walk_nodes(root: Node) -> Iterator[Node]:
    """All nodes of a tree, each before those below it, in the order of the parts."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(child_nodes(node))


def check_height(root: Node) -> None:
    """Checks the height of a tree.

    Raises:
        TemplateSyntaxError: the tree is too high, at the first node below the limit.
    """
    level, height = [root], 0
    while level:
        height += 1
        if height > MAX_HEIGHT:
            raise TemplateSyntaxError(
                f"this expression is nested more than {MAX_HEIGHT} levels deep",
                level[0].span,
                hint="split it: each step of a long sum or chain of locals counts as one level",
            )
        level = [below for node in level for below in child_nodes(node)]


def raise_recursion_limit() -> None:
    """Lets Python recurse over the highest trees; never lowers its limit."""
    if sys.getrecursionlimit() < _RECURSION_LIMIT:
        sys.setrecursionlimit(_RECURSION_LIMIT)

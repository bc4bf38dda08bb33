"""Warnings: draws that all elements of a list share, choices with a single item.

The caller names the natives that draw or choose: the language does not know them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from eventer.core.source import Place
from eventer.jsonnet.load import Program
from eventer.jsonnet.native_calls import StaticNames
from eventer.jsonnet.nodes import (
    Apply,
    Array,
    ArrayComp,
    Bind,
    Expr,
    Function,
    If,
    Literal,
    Local,
    Node,
    Var,
)
from eventer.jsonnet.walk import child_nodes


@dataclass(frozen=True, slots=True)
class LintNames:
    """The names of natives that draw, and of natives that choose among the items of a text."""

    drawing: frozenset[str] = frozenset()
    choosing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LintWarning:
    """Legal but surprising code: a message, its place, and what was probably meant."""

    message: str
    place: Place
    hint: str | None = None


def lint(program: Program, names: LintNames) -> tuple[LintWarning, ...]:
    """The warnings of a template and then of the files that it imports, sorted by place."""
    trees = [program.root, *program.code.values()]
    return tuple([warning for tree in trees for warning in _warnings(tree, names)])


def _warnings(tree: Expr, names: LintNames) -> list[LintWarning]:
    found = _Linter(tree, names).run()
    return sorted(found, key=lambda each: (each.place.line, each.place.column))


_ROOT: Final = 0
"""The key of the text outside all locals; the key of a local is its `id`."""


class _Linter:
    def __init__(self, tree: Expr, names: LintNames) -> None:
        self._tree, self._names, self._meanings = tree, names, StaticNames(tree)
        self._lists: list[Array | ArrayComp | Apply] = []
        self._calls: list[tuple[Apply, str]] = []
        self._uses_of: dict[int, set[int]] = {}
        self._drawing: set[int] = set()

    def run(self) -> Iterator[LintWarning]:
        self._collect()
        self._propagate_drawing()
        for node in self._lists:
            yield from self._shared_draws(node)
        for call, name in self._calls:
            yield from self._single_item_choices(call, name)

    def _collect(self) -> None:
        stack: list[tuple[Node, Bind | None]] = [(self._tree, None)]
        while stack:
            node, bind = stack.pop()
            self._collect_node(node, _ROOT if bind is None else id(bind))
            inside = node if isinstance(node, Bind) else bind
            stack += [(below, inside) for below in child_nodes(node)]

    def _collect_node(self, node: Node, user: int) -> None:
        if isinstance(node, Var):
            bind = self._meanings.bind_of(node)
            if bind is not None:
                self._uses_of.setdefault(id(bind), set()).add(user)
        elif isinstance(node, Apply):
            self._lists.append(node)
            name = self._meanings.native(node.target)
            if name in self._names.drawing:
                self._drawing.add(user)
            if name is not None:
                self._calls.append((node, name))
        elif isinstance(node, (Array, ArrayComp)):
            self._lists.append(node)

    def _propagate_drawing(self) -> None:
        """Marks every local that uses a drawing local."""
        worklist = list(self._drawing)
        while worklist:
            for user in self._uses_of.get(worklist.pop(), ()):
                if user not in self._drawing:
                    self._drawing.add(user)
                    worklist.append(user)

    def _shared_draws(self, node: Array | ArrayComp | Apply) -> Iterator[LintWarning]:
        for var in self._repeated(node):
            if self._is_drawn(var):
                yield LintWarning(
                    f"`{var.name}` is drawn once, so these list elements are all equal",
                    var.span.place(),
                    f"make it a function, `local {var.name}() = …`, and call it in each element",
                )

    def _is_drawn(self, var: Var) -> bool:
        """Whether a variable is a local with a drawn value (functions draw at each call)."""
        bind = self._meanings.bind_of(var)
        if bind is None or id(bind) not in self._drawing:
            return False
        return (
            not isinstance(self._meanings.value(var), Function)
            and self._meanings.native(var) is None
        )

    def _repeated(self, node: Array | ArrayComp | Apply) -> list[Var]:
        """Variables that are several elements of a list."""
        if isinstance(node, ArrayComp):
            return [*_outer_vars(node.body)]
        if isinstance(node, Array):
            return self._repeated_elements(node)
        name, arguments = self._meanings.std(node.target), node.positional
        if name == "repeat" and arguments and isinstance(arguments[0], Array):
            return [var for each in arguments[0].elements for var in _outer_vars(each)]
        if name in ("makeArray", "map", "mapWithIndex"):
            functions = [each for each in arguments if isinstance(each, Function)]
            return [var for each in functions for var in _outer_vars(each.body)]
        return []

    def _repeated_elements(self, node: Array) -> list[Var]:
        seen: set[int] = set()
        again: list[Var] = []
        for each in node.elements:
            if isinstance(each, Var):
                bind = id(self._meanings.bind_of(each))
                again += [each] if bind in seen else []
                seen.add(bind)
        return again

    def _single_item_choices(self, call: Apply, name: str) -> Iterator[LintWarning]:
        first = call.positional[0] if call.positional else None
        if name not in self._names.choosing or not isinstance(first, Literal):
            return
        if isinstance(first.value, str) and len(_items(first.value)) == 1:
            yield LintWarning(
                f"{name} has one item to choose from, so it always gives {first.value.strip()!r}",
                first.span.place(),
                "items are separated by commas, or by white space where there is no comma",
            )


def _outer_vars(body: Expr) -> Iterator[Var]:
    """The variables bound outside a body that may be its value."""
    inner: set[str] = set()
    worklist = [body]
    while worklist:
        node = worklist.pop()
        if isinstance(node, Local):
            inner.update(bind.name for bind in node.binds)
            worklist.append(node.body)
        elif isinstance(node, If):
            worklist += [each for each in (node.then, node.otherwise) if each is not None]
        elif isinstance(node, Var) and node.name not in inner:
            yield node


def _items(text: str) -> list[str]:
    parts = text.split(",") if "," in text else text.split()
    return [part for part in parts if part.strip()]

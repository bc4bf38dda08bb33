"""`import 'eventer.libsonnet'`: natives by short names, without `std.native`.

    local e = import 'eventer.libsonnet'; { id: e.integer(lo=1, hi=10) }
    { id: std.native('get_integer')(1, 10) }

The first form becomes the second one before canonicalisation, so that both have the same digest and
sites, whatever other functions there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from eventer.core.errors import TemplateStaticError
from eventer.core.source import Span
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.name_resolution import FREE_VARIABLE, resolve_names
from eventer.jsonnet.native_arguments import NativeSignatures, positional_call
from eventer.jsonnet.native_calls import StaticNames
from eventer.jsonnet.nodes import Apply, Bind, Expr, Import, Index, Literal, Node, StdReference, Var
from eventer.jsonnet.walk import map_children, walk_nodes

BUILT_IN_LIBRARY: Final = "eventer.libsonnet"
_PREFIX: Final = "get_"


def find_built_in_import(core: Expr) -> Import | None:
    """The first import of the built-in library in a tree."""
    return next((node for node in walk_nodes(core) if _is_import(node)), None)  # type: ignore[return-value]  # checked


def expand_built_in_library(core: Expr, natives: NativeSignatures) -> Expr:
    """A core tree in which calls of natives take the place of the built-in library.

    Raises:
        TemplateStaticError: a function is unknown, or the library is used in another way.
        EvaluationError: the arguments of a call do not fit.
    """
    expansion = _LibraryExpansion(core, natives)
    expanded = cast("Expr", expansion.change(core))
    return cast("Expr", _CallExpansion(expanded, natives, expansion.functions).change(expanded))


def _is_import(node: Node) -> bool:
    return isinstance(node, Import) and (node.kind, node.path) == ("import", BUILT_IN_LIBRARY)


class _LibraryExpansion:
    """Replaces `e.integer`; `functions` has the names of natives by the `id` of the replacement."""

    def __init__(self, core: Expr, natives: NativeSignatures) -> None:
        self._binders = resolve_names(core)
        self._names = {name.removeprefix(_PREFIX): name for name in natives if name[:4] == _PREFIX}
        self.functions: dict[int, str] = {}

    def change(self, node: Node) -> Node:
        if isinstance(node, Bind) and _is_import(node.body):
            return Bind(node.span, node.name, Literal(node.body.span, None))
        if isinstance(node, Index) and self._is_library(node.target):
            return self._function(node)
        if self._is_library(node):
            raise _misused(node)
        return map_children(node, self.change)

    def _is_library(self, node: Node) -> bool:
        if not isinstance(node, Var):
            return _is_import(node)
        binder = self._binders.get(id(node))
        return binder is not None and binder.bind is not None and _is_import(binder.bind.body)

    def _function(self, node: Index) -> Apply:
        index, span = node.index, node.span
        if not isinstance(index, Literal) or not isinstance(index.value, str):
            raise _misused(node)
        name = self._names.get(index.value)
        if name is None:
            raise self._unknown(index.value, index.span)
        native = Index(span, Var(span, FREE_VARIABLE), Literal(span, "native"), dotted=True)
        function = Apply(span, native, (Literal(index.span, name),))
        self.functions[id(function)] = name
        return function

    def _unknown(self, name: str, place: Span) -> TemplateStaticError:
        short = name.removeprefix(_PREFIX)
        hint = did_you_mean(short, self._names)
        return TemplateStaticError(
            f"{BUILT_IN_LIBRARY} has no function {name!r}",
            place,
            hint=hint or "there are " + ", ".join(sorted(self._names)),
        )


def _misused(node: Node) -> TemplateStaticError:
    return TemplateStaticError(
        f"{BUILT_IN_LIBRARY} is not a value: templates can only name its functions",
        node.span,
        hint=f"write `local e = import '{BUILT_IN_LIBRARY}';` and then `e.integer(1, 10)`",
    )


class _CallExpansion:
    """Orders the named arguments of calls of the replacements.

    Where the template binds `std` to something else, a replacement refers to the real one.
    """

    def __init__(self, core: Expr, natives: NativeSignatures, functions: Mapping[int, str]) -> None:
        self._meanings = StaticNames(core)
        self._natives = natives
        self._functions = functions

    def change(self, node: Node) -> Node:
        if not isinstance(node, Apply):
            return map_children(node, self.change)
        if id(node) in self._functions:
            return self._with_real_std(node)
        if node.named:
            name = self._functions.get(id(self._meanings.value(node.target)))
            node = node if name is None else positional_call(node, self._natives[name])
        return map_children(node, self.change)

    def _with_real_std(self, function: Apply) -> Apply:
        if self._meanings.std(function.target) is not None:
            return function
        return replace(function, target=StdReference(function.span, "native"))

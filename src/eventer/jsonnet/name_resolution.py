"""The binder of each variable; refuses trees with unknown names.

Go-jsonnet does the same checks before evaluation: unknown variables, `self` and `super` outside
objects, `$` outside objects. Unused locals are checked too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from eventer.core.errors import TemplateStaticError
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.nodes import (
    ArrayComp,
    Bind,
    CompSpec,
    Expr,
    ForSpec,
    Function,
    InSuper,
    Local,
    Node,
    Object,
    ObjectComp,
    Self,
    SuperIndex,
    Var,
)
from eventer.jsonnet.walk import child_nodes

FREE_VARIABLE: Final = "std"
"""The only variable that is always bound."""

_NAMES_ARE_OUTSIDE: Final = (
    "a computed field name is evaluated outside its object: bind what it needs with `local` before"
)


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """The binder of a variable: number `index` of the node `owner`; `bind` if it is a local."""

    owner: Node
    index: int
    bind: Bind | None = None


BinderMap: TypeAlias = dict[int, Binder]
"""The binder of each `Var` node, by the node's `id`; the free variable has none."""


def resolve_names(core: Expr) -> BinderMap:
    """The binders of all variables of a core tree.

    Raises:
        TemplateStaticError: a variable is unknown, or `self`, `super` or `$` is outside objects.
    """
    scope = _NameResolver()
    scope.visit(core)
    return scope.binders


class _NameResolver:
    def __init__(self) -> None:
        self.binders: BinderMap = {}
        self._names: dict[str, Binder | None] = {FREE_VARIABLE: None}
        self._in_object = False
        self._rules: dict[type[Node], Callable[..., None]] = {
            Var: self._var,
            Self: self._self,
            SuperIndex: self._super,
            InSuper: self._super,
            Local: self._local,
            Function: self._function,
            ArrayComp: self._array_comp,
            Object: self._object,
            ObjectComp: self._object_comp,
        }

    def visit(self, node: Node) -> None:
        rule = self._rules.get(type(node))
        if rule is not None:
            rule(node)
            return
        for below in child_nodes(node):
            self.visit(below)

    def _var(self, node: Var) -> None:
        if node.name not in self._names:
            raise self._unknown(node)
        binder = self._names[node.name]
        if binder is not None:
            self.binders[id(node)] = binder

    def _unknown(self, node: Var) -> TemplateStaticError:
        if node.name == "$":
            message = "`$` is used outside an object"
            return TemplateStaticError(message, node.span, hint=_NAMES_ARE_OUTSIDE)
        hint = did_you_mean(node.name, self._names)
        return TemplateStaticError(
            f"unknown variable `{node.name}`",
            node.span,
            hint=hint or f"declare it with `local {node.name} = …;`, or quote it if it is text",
        )

    def _self(self, node: Self) -> None:
        if not self._in_object:
            message = "`self` is used outside an object"
            raise TemplateStaticError(message, node.span, hint=_NAMES_ARE_OUTSIDE)

    def _super(self, node: SuperIndex | InSuper) -> None:
        if not self._in_object:
            message = "`super` is used outside an object"
            raise TemplateStaticError(message, node.span, hint=_NAMES_ARE_OUTSIDE)
        for below in child_nodes(node):
            self.visit(below)

    def _local(self, node: Local) -> None:
        undo = self._enter(_binders_of(node, node.binds))
        for bind in node.binds:
            self.visit(bind.body)
        self.visit(node.body)
        self._leave(undo)

    def _function(self, node: Function) -> None:
        undo = self._enter({param.name: Binder(node, i) for i, param in enumerate(node.params)})
        for param in node.params:
            if param.default is not None:
                self.visit(param.default)
        self.visit(node.body)
        self._leave(undo)

    def _array_comp(self, node: ArrayComp) -> None:
        undos = self._specs(node, node.specs)
        self.visit(node.body)
        self._leave(*undos)

    def _object_comp(self, node: ObjectComp) -> None:
        undos = self._specs(node, node.specs)
        self.visit(node.name)
        self._object_body(node, [node.body])
        self._leave(*undos)

    def _specs(self, node: Node, specs: tuple[CompSpec, ...]) -> list[_Undo]:
        """Each `for` sees the variables of the earlier ones, the body sees all."""
        undos: list[_Undo] = []
        for index, spec in enumerate(specs):
            for below in child_nodes(spec):
                self.visit(below)
            if isinstance(spec, ForSpec):
                undos.append(self._enter({spec.name: Binder(node, index)}))
        return undos

    def _object(self, node: Object) -> None:
        for field in node.fields:
            self.visit(field.name)
        self._object_body(node, [*(field.body for field in node.fields), *node.asserts])

    def _object_body(self, node: Object | ObjectComp, members: Sequence[Node]) -> None:
        outside, self._in_object = self._in_object, True
        undo = self._enter(_binders_of(node, node.locals))
        for member in [*(bind.body for bind in node.locals), *members]:
            self.visit(member)
        self._leave(undo)
        self._in_object = outside

    def _enter(self, binders: Mapping[str, Binder]) -> _Undo:
        """Binds names; `_leave` with the result restores their outer binders."""
        undo = {name: self._names.get(name, _UNBOUND) for name in binders}
        self._names.update(binders)
        return undo

    def _leave(self, *undos: _Undo) -> None:
        for undo in reversed(undos):
            for name, outer in undo.items():
                if isinstance(outer, _Unbound):
                    del self._names[name]
                else:
                    self._names[name] = outer


class _Unbound:
    """Stands for the binder of an unknown name."""


_UNBOUND: Final = _Unbound()
_Undo: TypeAlias = dict[str, Binder | _Unbound | None]


def _binders_of(owner: Node, binds: tuple[Bind, ...]) -> dict[str, Binder]:
    return {bind.name: Binder(owner, i, bind) for i, bind in enumerate(binds)}

"""The canonical form of a template: its meaning, independent of how it is written.

Every place that draws or is applied gets a *site*, and the template gets a *digest*. Neither
depends on white space, comments, parentheses, the spelling of literals, the order of keys, the
names of locals and parameters, or unused locals (which are dropped from the tree).

1. `reachability`: the nodes reachable from the root, scope depths, dependencies of locals.
2. `expression_hashes`: hashes of the bound expressions of locals, which order the fields.
3. Here: a walk from the root in canonical order. A *path* is a hash of steps; the site of a node is
   the first 8 bytes of its path. The walk updates the digest. At its first mention, a local gets
   a path: the path of its scope, then its hash, then its number among the locals of the scope with
   that hash. Bound expressions are walked in the order of their first mention.
4. The tree is built again, with sites.

Every step is linear in the length of the text; steps 1 and 3 do not recurse.
`docs/explanation/identity.md` specifies the form bit for bit.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from eventer.jsonnet.canonical_forms import form_of, pack
from eventer.jsonnet.expression_hashes import ExpressionHashes, scope_kind
from eventer.jsonnet.name_resolution import Binder, BinderMap
from eventer.jsonnet.nodes import (
    Apply,
    ArrayComp,
    Bind,
    Expr,
    ForSpec,
    Function,
    Literal,
    Local,
    Node,
    Object,
    ObjectComp,
    Self,
    Var,
)
from eventer.jsonnet.reachability import Reachability, reachability
from eventer.jsonnet.walk import map_children

ROOT_PATH: Final = bytes(16)
DIGEST_FORMAT: Final = b"1"
_LEAVES: Final = (Literal, Var, Self)
"""Frequent nodes whose paths are not needed."""


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """A core tree and the binders of its variables."""

    core: Expr
    binders: BinderMap


@dataclass(frozen=True, slots=True)
class CanonicalTemplate:
    """The tree with sites, the digest, and the trees and bytes of reachable imported files."""

    root: Expr
    digest: bytes
    code: Mapping[str, Expr]
    files: Mapping[str, bytes]


def canonicalize(
    root: ResolvedFile,
    imported: Mapping[str, ResolvedFile],
    files: Mapping[str, bytes],
    variables: Mapping[str, object],
) -> CanonicalTemplate:
    """The canonical form of a template.

    Args:
        root: The template.
        imported: Imported code by library path.
        files: The bytes of all imported files by library path.
        variables: The variables of the template, a part of the digest.
    """
    top = reachability(root.core, root.binders)
    reachable_files, strings = _reachable_files(top, imported)
    names = set(variables).union(
        *[each.argument_names for each in (top, *reachable_files.values())]
    )
    walk = _CanonicalWalk(root, top, names)
    whole = [DIGEST_FORMAT, walk.run(), _json(variables)]
    code: dict[str, Expr] = {}
    for path, reachable in sorted(reachable_files.items()):
        inner = _CanonicalWalk(imported[path], reachable, names)
        whole += (b"import", path.encode(), inner.run())
        code[path] = inner.build(imported[path].core)
    for path in sorted(strings):
        whole += (b"file", path.encode(), blake2b(files[path]).digest())
    digest = blake2b(pack(*whole), digest_size=32, person=b"eventer.template").digest()
    return CanonicalTemplate(
        walk.build(root.core), digest, code, {path: files[path] for path in strings}
    )


def _reachable_files(
    top: Reachability, imported: Mapping[str, ResolvedFile]
) -> tuple[dict[str, Reachability], set[str]]:
    """The reachable parts of imported code, and the paths of imported texts and bytes."""
    reachable_files: dict[str, Reachability] = {}
    strings: set[str] = set()
    worklist = sorted(top.imports)
    while worklist:
        kind, path = worklist.pop()
        if kind != "import":
            strings.add(path)
        elif path not in reachable_files:
            resolved = imported[path]
            reachable_files[path] = reachability(resolved.core, resolved.binders)
            worklist += reachable_files[path].imports
    return reachable_files, strings


def _json(variables: Mapping[str, object]) -> bytes:
    return json.dumps(variables, sort_keys=True, separators=(",", ":")).encode()


def child_path(path: bytes, to: bytes) -> bytes:
    """The path one step below a path."""
    return blake2b(path + to, digest_size=16, person=b"eventer.path").digest()


def site_of(path: bytes) -> int:
    """The site of the node at a path; never 0, which stands for no site."""
    return int.from_bytes(path[:8], "little") or 1


class _CanonicalWalk:
    """One file, walked in canonical order."""

    def __init__(
        self, resolved: ResolvedFile, reachable: Reachability, argument_names: Iterable[str]
    ) -> None:
        self._binders = resolved.binders
        self._reachability = reachable
        self._hashes = ExpressionHashes(resolved.core, resolved.binders, reachable)
        self._argument_names = frozenset(argument_names)
        self._digest = blake2b(digest_size=32, person=b"eventer.tree")
        self._scopes: dict[int, bytes] = {}
        self._numbers: dict[tuple[bytes, bytes, bytes], int] = {}
        self._worklist: deque[tuple[Expr, bytes, int]] = deque([(resolved.core, ROOT_PATH, 0)])
        self.locals: dict[int, bytes] = {}
        self.sites: dict[int, int] = {}

    def run(self) -> bytes:
        """Walks the file; returns its digest."""
        while self._worklist:
            self._visit(*self._worklist.popleft())
        return self._digest.digest()

    def _visit(self, root: Expr, path: bytes, depth: int) -> None:
        stack = [(root, path, depth)]
        while stack:
            node, path, depth = stack.pop()
            while isinstance(node, Local):
                self._scopes[id(node)] = path
                node = node.body
            if isinstance(node, Var):
                self._digest.update(pack(pack(*self._visit_reference(node, depth))))
                continue
            form = form_of(node, self._hashes.fields)
            self._digest.update(pack(form.head))
            self._record(node, path)
            below = [
                (each, path if isinstance(each, _LEAVES) else child_path(path, to), depth + 1)
                for to, each in form.children
            ]
            stack += reversed(below)

    def _record(self, node: Expr, path: bytes) -> None:
        if isinstance(node, Apply):
            self.sites[id(node)] = site_of(path)
        elif isinstance(node, (ArrayComp, ObjectComp)):
            for i, spec in enumerate(node.specs):
                self.sites[id(spec)] = site_of(child_path(path, b"element %d" % i))
        if isinstance(node, (Object, ObjectComp)):
            self._scopes[id(node)] = path
        elif isinstance(node, Function):
            self._digest.update(pack(pack(*self._callable_names(node))))

    def _callable_names(self, node: Function) -> list[bytes]:
        """The names of parameters that some call names; others do not change the digest."""
        names = [param.name for param in node.params]
        return [name.encode() if name in self._argument_names else b"" for name in names]

    def _visit_reference(self, node: Var, depth: int) -> tuple[bytes, ...]:
        reference = self._hashes.reference(node, depth)
        binder = self._binders.get(id(node))
        if binder is None or binder.bind is None:
            return reference
        if id(binder.bind) not in self.locals:
            self._assign_path(binder, binder.bind)
        return *reference, self.locals[id(binder.bind)][:8]

    def _assign_path(self, binder: Binder, bind: Bind) -> None:
        scope = self._scopes[id(binder.owner)]
        kind, hashed = scope_kind(binder), self._hashes.of(binder)
        number = self._numbers.get((scope, kind, hashed), 0)
        self._numbers[scope, kind, hashed] = number + 1
        path = child_path(scope, kind + hashed + b"%d" % number)
        self.locals[id(bind)] = path
        self._worklist.append((bind.body, path, self._reachability.body_depth(binder)))

    def build(self, node: Node) -> Any:
        """The tree with sites, without unused locals."""
        if isinstance(node, Local):
            binds = self._used(node.binds)
            body = self.build(node.body)
            return Local(node.span, binds, body) if binds else body
        if isinstance(node, (Object, ObjectComp)):
            used = tuple([bind for bind in node.locals if id(bind) in self.locals])
            return map_children(replace(node, locals=used), self.build)
        built = map_children(node, self.build)
        if isinstance(built, (Apply, ForSpec)):
            return replace(built, site=self.sites[id(node)])
        return built

    def _used(self, binds: tuple[Bind, ...]) -> tuple[Bind, ...]:
        return tuple([self.build(bind) for bind in binds if id(bind) in self.locals])

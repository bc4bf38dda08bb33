"""The canonical form of a template: what it is, apart from how it is written.

It gives each place that draws or is applied its *site*, and the whole its *digest*. Neither
depends on white space, comments, parentheses, the spelling of literals, the order of keys, the
names of locals and parameters, or on locals that nothing uses (these are dropped from the tree).

1. `survey`: what is reachable from the root, how deep each scope lies, which locals need which.
2. `hashing`: hashes of the bound expressions of locals, and with them the order of fields.
3. Here: a walk from the root in canonical order. A *path* is a hash of steps; the site of a node is
   the first 8 bytes of its path. The walk feeds the digest; at the first mention of a local
   it gives it a path: that of its scope, then its hash, then its number among the locals of that
   scope with that hash. Bound expressions are walked in the order of their first mention.
4. The tree again, with sites.

Every step is linear in the text (steps 1 and 3 without recursion), whatever the locals share.
`docs/explanation/identity.md` says the same to users, bit for bit.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from eventer.jsonnet.forms import form_of, pack
from eventer.jsonnet.hashing import Hashes, scope_kind
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
from eventer.jsonnet.scope import Binder, Meanings
from eventer.jsonnet.survey import Survey, survey
from eventer.jsonnet.walk import rebuild

ROOT_PATH: Final = bytes(16)
FORMAT: Final = b"1"
_LEAVES: Final = (Literal, Var, Self)
"""Their paths are never asked for, and templates with much data are full of them."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A core tree and the meanings of its variables."""

    core: Expr
    meanings: Meanings


@dataclass(frozen=True, slots=True)
class Canonical:
    """The tree with sites, the digest of it all, the trees and the paths of what it imports."""

    root: Expr
    digest: bytes
    code: Mapping[str, Expr]
    files: Mapping[str, bytes]


def canonicalize(
    root: Parsed,
    imported: Mapping[str, Parsed],
    files: Mapping[str, bytes],
    variables: Mapping[str, object],
) -> Canonical:
    """The canonical form of a template.

    Args:
        root: The template.
        imported: Imported code by library path.
        files: The bytes of all imported files by library path.
        variables: Its variables, a part of the digest.
    """
    top = survey(root.core, root.meanings)
    surveys, strings = _reachable(top, imported)
    names = set(variables).union(*[each.argument_names for each in (top, *surveys.values())])
    walk = _Walk(root, top, names)
    whole = [FORMAT, walk.run(), _json(variables)]
    code: dict[str, Expr] = {}
    for path, surveyed in sorted(surveys.items()):
        inner = _Walk(imported[path], surveyed, names)
        whole += (b"import", path.encode(), inner.run())
        code[path] = inner.build(imported[path].core)
    for path in sorted(strings):
        whole += (b"file", path.encode(), blake2b(files[path]).digest())
    digest = blake2b(pack(*whole), digest_size=32, person=b"eventer.template").digest()
    return Canonical(walk.build(root.core), digest, code, {path: files[path] for path in strings})


def _reachable(top: Survey, imported: Mapping[str, Parsed]) -> tuple[dict[str, Survey], set[str]]:
    """Surveys of the code, and paths of the text, that reachable imports lead to."""
    surveys: dict[str, Survey] = {}
    strings: set[str] = set()
    waiting = sorted(top.imports)
    while waiting:
        kind, path = waiting.pop()
        if kind != "import":
            strings.add(path)
        elif path not in surveys:
            parsed = imported[path]
            surveys[path] = survey(parsed.core, parsed.meanings)
            waiting += surveys[path].imports
    return surveys, strings


def _json(variables: Mapping[str, object]) -> bytes:
    return json.dumps(variables, sort_keys=True, separators=(",", ":")).encode()


def step(path: bytes, to: bytes) -> bytes:
    """The path one step below a path."""
    return blake2b(path + to, digest_size=16, person=b"eventer.path").digest()


def site_of(path: bytes) -> int:
    """The site of the node at a path: never 0, which means none."""
    return int.from_bytes(path[:8], "little") or 1


class _Walk:
    """One file, walked in canonical order."""

    def __init__(self, parsed: Parsed, surveyed: Survey, argument_names: Iterable[str]) -> None:
        self._meanings = parsed.meanings
        self._survey = surveyed
        self._hashes = Hashes(parsed.core, parsed.meanings, surveyed)
        self._argument_names = frozenset(argument_names)
        self._digest = blake2b(digest_size=32, person=b"eventer.tree")
        self._scopes: dict[int, bytes] = {}
        self._numbers: dict[tuple[bytes, bytes, bytes], int] = {}
        self._waiting: deque[tuple[Expr, bytes, int]] = deque([(parsed.core, ROOT_PATH, 0)])
        self.locals: dict[int, bytes] = {}
        self.sites: dict[int, int] = {}

    def run(self) -> bytes:
        """Walks it all; the digest."""
        while self._waiting:
            self._text(*self._waiting.popleft())
        return self._digest.digest()

    def _text(self, root: Expr, path: bytes, depth: int) -> None:
        stack = [(root, path, depth)]
        while stack:
            node, path, depth = stack.pop()
            while isinstance(node, Local):
                self._scopes[id(node)] = path
                node = node.body
            if isinstance(node, Var):
                self._digest.update(pack(pack(*self._mention(node, depth))))
                continue
            form = form_of(node, self._hashes.fields)
            self._digest.update(pack(form.head))
            self._note(node, path)
            below = [
                (each, path if isinstance(each, _LEAVES) else step(path, to), depth + 1)
                for to, each in form.limbs
            ]
            stack += reversed(below)

    def _note(self, node: Expr, path: bytes) -> None:
        if isinstance(node, Apply):
            self.sites[id(node)] = site_of(path)
        elif isinstance(node, (ArrayComp, ObjectComp)):
            for i, spec in enumerate(node.specs):
                self.sites[id(spec)] = site_of(step(path, b"element %d" % i))
        if isinstance(node, (Object, ObjectComp)):
            self._scopes[id(node)] = path
        elif isinstance(node, Function):
            self._digest.update(pack(pack(*self._callable_names(node))))

    def _callable_names(self, node: Function) -> list[bytes]:
        """Names of parameters count where some call names them; never for sites."""
        names = [param.name for param in node.params]
        return [name.encode() if name in self._argument_names else b"" for name in names]

    def _mention(self, node: Var, depth: int) -> tuple[bytes, ...]:
        mention = self._hashes.mention(node, depth)
        binder = self._meanings.get(id(node))
        if binder is None or binder.bind is None:
            return mention
        if id(binder.bind) not in self.locals:
            self._name(binder, binder.bind)
        return *mention, self.locals[id(binder.bind)][:8]

    def _name(self, binder: Binder, bind: Bind) -> None:
        scope = self._scopes[id(binder.owner)]
        kind, hashed = scope_kind(binder), self._hashes.of(binder)
        number = self._numbers.get((scope, kind, hashed), 0)
        self._numbers[scope, kind, hashed] = number + 1
        path = step(scope, kind + hashed + b"%d" % number)
        self.locals[id(bind)] = path
        self._waiting.append((bind.body, path, self._survey.body_depth(binder)))

    def build(self, node: Node) -> Any:
        """The tree with sites, without unused locals."""
        if isinstance(node, Local):
            binds = self._used(node.binds)
            body = self.build(node.body)
            return Local(node.span, binds, body) if binds else body
        if isinstance(node, (Object, ObjectComp)):
            used = tuple([bind for bind in node.locals if id(bind) in self.locals])
            return rebuild(replace(node, locals=used), self.build)
        built = rebuild(node, self.build)
        if isinstance(built, (Apply, ForSpec)):
            return replace(built, site=self.sites[id(node)])
        return built

    def _used(self, binds: tuple[Bind, ...]) -> tuple[Bind, ...]:
        return tuple([self.build(bind) for bind in binds if id(bind) in self.locals])

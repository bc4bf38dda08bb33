"""Hashes of expressions, independent of the names and the order of locals.

A variable counts as the number of steps up to its binder, and then as its position there
(parameters, variables of `for`) or as the hash of its bound expression (locals). Each local is
hashed once, after the locals that it needs, so the work is linear in the text. Among mutually
recursive locals, a mention counts as "recursive"; the hash of such a local combines the sorted
hashes of the group and its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventer.jsonnet.canonical_forms import (
    CanonicalField,
    digest,
    digests_after,
    form_of,
    literal_name,
)
from eventer.jsonnet.name_resolution import Binder, BinderMap
from eventer.jsonnet.nodes import Expr, Field, Local, Object, ObjectComp, Var
from eventer.jsonnet.reachability import Reachability, strongly_connected_components


class ExpressionHashes:
    """The hashes of a file's reachable locals, and the canonical order of its objects' fields."""

    def __init__(self, root: Expr, binders: BinderMap, reachable: Reachability) -> None:
        self._binders = binders
        self._reachability = reachable
        self._fields: dict[int, Sequence[CanonicalField]] = {}
        self._of_bind: dict[int, bytes] = {}
        for group in strongly_connected_components(reachable.dependencies):
            self._hash_component(group)
        self._hash(root, 0)

    def of(self, binder: Binder) -> bytes:
        """The hash of a local."""
        return self._of_bind[id(binder.bind)]

    def fields(self, node: Object) -> Sequence[CanonicalField]:
        """The fields of an object of the reachable part, in canonical order."""
        return self._fields[id(node)]

    def _hash_component(self, group: list[int]) -> None:
        reachable_binders = [self._reachability.reachable_binders[each] for each in group]
        own = [self._hash_body(binder) for binder in reachable_binders]
        alone = len(group) == 1 and group[0] not in self._reachability.dependencies[group[0]]
        hashes = own if alone else digests_after([b"group", *sorted(own)], own)
        self._of_bind.update(zip(group, hashes, strict=True))

    def _hash_body(self, binder: Binder) -> bytes:
        assert binder.bind is not None
        return self._hash(binder.bind.body, self._reachability.body_depth(binder))

    def _hash(self, node: Expr, depth: int) -> bytes:
        while isinstance(node, Local):
            node = node.body
        if isinstance(node, Var):
            return digest(*self.reference(node, depth))
        known: dict[int, bytes] = {}
        if isinstance(node, Object):
            known = self._object(node, depth + 1)
        form = form_of(node, self.fields)
        children = [known.get(id(each)) or self._hash(each, depth + 1) for _, each in form.children]
        return digest(form.head, *children)

    def reference(self, node: Var, depth: int) -> tuple[bytes, ...]:
        """The hashed form of a variable that is mentioned at a depth."""
        binder = self._binders.get(id(node))
        if binder is None or node.name == "$":
            return b"variable", node.name.encode()
        up = b"%d" % (depth - self._reachability.depths[id(binder.owner)])
        if binder.bind is None:
            return b"bound", up, b"%d" % binder.index
        kind = scope_kind(binder)
        return kind, up, self._of_bind.get(id(binder.bind), b"recursive")

    def _object(self, node: Object, depth: int) -> dict[int, bytes]:
        """Orders the fields; returns the hashes computed for it, by the `id` of name and value."""
        literal: list[tuple[str, Field]] = []
        computed: list[tuple[bytes, bytes, Field]] = []
        known: dict[int, bytes] = {}
        for field in node.fields:
            name = literal_name(field)
            if name is not None:
                literal.append((name, field))
                continue
            hashes = self._hash(field.name, depth), self._hash(field.body, depth)
            computed.append((*hashes, field))
            known[id(field.name)], known[id(field.body)] = hashes
        literal.sort(key=lambda each: each[0])
        computed.sort(key=lambda each: each[:2])
        named = [CanonicalField(field, b"." + name.encode()) for name, field in literal]
        self._fields[id(node)] = [*named, *_computed(computed)]
        return known


def _computed(fields: Sequence[tuple[bytes, bytes, Field]]) -> list[CanonicalField]:
    """Numbers fields whose names are the same expression, in their order."""
    count: dict[bytes, int] = {}
    named: list[CanonicalField] = []
    for hashed, _, field in fields:
        count[hashed] = count.get(hashed, -1) + 1
        step = hashed + b"%d" % count[hashed]
        named.append(CanonicalField(field, b"[]" + step, b"name" + step))
    return named


def scope_kind(binder: Binder) -> bytes:
    """Separates the locals of an object from those of a `local` at the same place."""
    return b"object local" if isinstance(binder.owner, (Object, ObjectComp)) else b"local"

"""Hashes of expressions that do not depend on how locals are called or where they are written.

Within an expression a variable counts as the number of steps up to what binds it, and then as
its position there (parameters, variables of `for`) or as the hash of its bound expression (locals).
Locals are hashed in the order of need, each once, so the work grows with the text. In a group of
locals that need each other a member counts as "recursive" only; the hash of a member is that of
the sorted hashes of all members, and of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventer.jsonnet.forms import NamedField, digest, form_of, literal_name
from eventer.jsonnet.nodes import Expr, Field, Local, Object, ObjectComp, Var
from eventer.jsonnet.scope import Binder, Meanings
from eventer.jsonnet.survey import Survey, groups


class Hashes:
    """The hashes of a file's reachable locals, and the canonical order of its objects' fields."""

    def __init__(self, root: Expr, meanings: Meanings, surveyed: Survey) -> None:
        self._meanings = meanings
        self._survey = surveyed
        self._fields: dict[int, Sequence[NamedField]] = {}
        self._of_bind: dict[int, bytes] = {}
        for group in groups(surveyed.needs):
            self._group(group)
        self._hash(root, 0)

    def of(self, binder: Binder) -> bytes:
        """The hash of a local."""
        return self._of_bind[id(binder.bind)]

    def fields(self, node: Object) -> Sequence[NamedField]:
        """The fields of an object of the reachable part, in canonical order."""
        return self._fields[id(node)]

    def _group(self, group: list[int]) -> None:
        binders = [self._survey.binders[each] for each in group]
        own = [self._own(binder) for binder in binders]
        alone = len(group) == 1 and group[0] not in self._survey.needs[group[0]]
        for each, hashed in zip(group, own, strict=True):
            self._of_bind[each] = hashed if alone else digest(b"group", *sorted(own), hashed)

    def _own(self, binder: Binder) -> bytes:
        assert binder.bind is not None
        return self._hash(binder.bind.body, self._survey.body_depth(binder))

    def _hash(self, node: Expr, depth: int) -> bytes:
        while isinstance(node, Local):
            node = node.body
        if isinstance(node, Var):
            return digest(*self.mention(node, depth))
        known: dict[int, bytes] = {}
        if isinstance(node, Object):
            known = self._object(node, depth + 1)
        form = form_of(node, self.fields)
        limbs = [known.get(id(each)) or self._hash(each, depth + 1) for _, each in form.limbs]
        return digest(form.head, *limbs)

    def mention(self, node: Var, depth: int) -> tuple[bytes, ...]:
        """What a variable counts as, mentioned at a depth."""
        binder = self._meanings.get(id(node))
        if binder is None or node.name == "$":
            return b"variable", node.name.encode()
        up = b"%d" % (depth - self._survey.depths[id(binder.owner)])
        if binder.bind is None:
            return b"bound", up, b"%d" % binder.index
        kind = scope_kind(binder)
        return kind, up, self._of_bind.get(id(binder.bind), b"recursive")

    def _object(self, node: Object, depth: int) -> dict[int, bytes]:
        """Orders the fields; answers the hashes that it took, by the `id` of name and value."""
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
        named = [NamedField(field, b"." + name.encode()) for name, field in literal]
        self._fields[id(node)] = [*named, *_computed(computed)]
        return known


def _computed(fields: Sequence[tuple[bytes, bytes, Field]]) -> list[NamedField]:
    """Fields whose names are the same expression are numbered in their order."""
    count: dict[bytes, int] = {}
    named: list[NamedField] = []
    for hashed, _, field in fields:
        count[hashed] = count.get(hashed, -1) + 1
        step = hashed + b"%d" % count[hashed]
        named.append(NamedField(field, b"[]" + step, b"name" + step))
    return named


def scope_kind(binder: Binder) -> bytes:
    """An object's locals and those of a `local` at the same place are apart: `self` differs."""
    return b"object local" if isinstance(binder.owner, (Object, ObjectComp)) else b"local"

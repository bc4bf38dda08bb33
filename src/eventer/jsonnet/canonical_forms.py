"""The canonical form of a node: the parts that matter to sites and digests.

A form is a *head* (kind of node, operator, field names, …) and *children*: the expressions below
the node, each with the *step* that leads there, in canonical order. Variables and `local` have no
form: a variable counts as its bound expression, and a `local` is transparent.
`docs/explanation/identity.md` lists all heads and steps.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from eventer.jsonnet import nodes as n
from eventer.jsonnet.nodes import Expr

Children: TypeAlias = list[tuple[bytes, Expr]]


class CanonicalForm(NamedTuple):
    """The head of a node, and the expressions below it with their steps."""

    head: bytes
    children: Children


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """A field with the step to its value, and the step to its name if that is computed."""

    field: n.Field
    value_step: bytes
    name_step: bytes | None = None


FieldOrder: TypeAlias = Callable[[n.Object], Sequence[CanonicalField]]
"""The fields of an object in canonical order."""


def form_of(node: Expr, fields: FieldOrder) -> CanonicalForm:
    """The form of a core node that is not a `Var` or a `Local`."""
    if isinstance(node, n.Object):
        return _object(node, fields(node))
    return _FORMS[type(node)](node)


def digest(*parts: bytes) -> bytes:
    """The 16-byte hash of a sequence of byte strings."""
    return _hash(parts).digest()


def digests_after(prefix: Sequence[bytes], last: Iterable[bytes]) -> list[bytes]:
    """`digest(*prefix, each)` for each of `last`; the prefix is hashed once."""
    start = _hash(prefix)
    digests: list[bytes] = []
    for each in last:
        state = start.copy()
        state.update(pack(each))
        digests.append(state.digest())
    return digests


def _hash(parts: Iterable[bytes]) -> blake2b:
    return blake2b(pack(*parts), digest_size=16, person=b"eventer.form")


def pack(*parts: bytes) -> bytes:
    """Byte strings, each after its length: different sequences have different results."""
    return b"".join([len(part).to_bytes(4, "little") + part for part in parts])


def literal_name(field: n.Field) -> str | None:
    """The name of a field if it is a literal, perhaps within a `local`."""
    name = field.name
    while isinstance(name, n.Local):
        name = name.body
    return name.value if isinstance(name, n.Literal) and isinstance(name.value, str) else None


def in_source_order(node: n.Object) -> Sequence[CanonicalField]:
    """An order for callers that only need to reach every child."""
    return [
        CanonicalField(field, b"value", None if literal_name(field) is not None else b"name")
        for field in node.fields
    ]


def _number(value: int) -> bytes:
    return b"%d" % value


def _literal(node: n.Literal) -> CanonicalForm:
    value = node.value
    if value is None:
        return CanonicalForm(pack(b"null"), [])
    if isinstance(value, bool):
        return CanonicalForm(pack(b"true" if value else b"false"), [])
    if isinstance(value, str):
        return CanonicalForm(pack(b"string", value.encode()), [])
    return CanonicalForm(pack(b"number", struct.pack("<d", value)), [])


def _array(node: n.Array) -> CanonicalForm:
    children: Children = [(_number(i), each) for i, each in enumerate(node.elements)]
    return CanonicalForm(pack(b"array", _number(len(children))), children)


def _specs(specs: Sequence[n.CompSpec]) -> tuple[bytes, Children]:
    kinds, children = bytearray(), Children()
    for i, spec in enumerate(specs):
        if isinstance(spec, n.ForSpec):
            kinds += b"f"
            children.append((b"for " + _number(i), spec.source))
        else:
            kinds += b"i"
            children.append((b"if " + _number(i), spec.condition))
    return bytes(kinds), children


def _array_comp(node: n.ArrayComp) -> CanonicalForm:
    kinds, children = _specs(node.specs)
    return CanonicalForm(pack(b"array for", kinds), [*children, (b"body", node.body)])


def _object_comp(node: n.ObjectComp) -> CanonicalForm:
    kinds, children = _specs(node.specs)
    head = pack(b"object for", kinds, _field_operator(node))
    return CanonicalForm(head, [*children, (b"name", node.name), (b"body", node.body)])


def _field_operator(field: n.Field | n.ObjectComp) -> bytes:
    return ("+" * field.plus + field.visibility.value).encode()


def _object(node: n.Object, fields: Sequence[CanonicalField]) -> CanonicalForm:
    parts: list[bytes] = []
    children: Children = []
    for each in fields:
        name = literal_name(each.field)
        if each.name_step is not None:
            children.append((each.name_step, each.field.name))
        children.append((each.value_step, each.field.body))
        parts += (b"[]" if name is None else b":" + name.encode(), _field_operator(each.field))
    for i, assertion in enumerate(node.asserts):
        children.append((b"assert " + _number(i), assertion.condition))
        if assertion.message is not None:
            children.append((b"message " + _number(i), assertion.message))
        parts.append(b"assert" if assertion.message is None else b"assert :")
    return CanonicalForm(pack(b"object", *parts), children)


def _function(node: n.Function) -> CanonicalForm:
    children = Children()
    for i, param in enumerate(node.params):
        if param.default is not None:
            children.append((b"default " + _number(i), param.default))
    kinds = bytes([b"-="[param.default is not None] for param in node.params])
    return CanonicalForm(pack(b"function", kinds), [*children, (b"body", node.body)])


def _apply(node: n.Apply) -> CanonicalForm:
    children: Children = [(b"target", node.target)]
    children += [(_number(i), each) for i, each in enumerate(node.positional)]
    named = sorted(node.named, key=lambda each: each.name)
    children += [(b":" + each.name.encode(), each.value) for each in named]
    names = [each.name.encode() for each in named]
    strict = b"tailstrict" if node.tailstrict else b""
    return CanonicalForm(pack(b"apply", strict, _number(len(node.positional)), *names), children)


def _index(node: n.Index) -> CanonicalForm:
    return CanonicalForm(pack(b"index"), [(b"target", node.target), (b"index", node.index)])


def _if(node: n.If) -> CanonicalForm:
    otherwise = node.otherwise
    assert otherwise is not None  # desugaring fills it in
    children: Children = [(b"if", node.condition), (b"then", node.then), (b"else", otherwise)]
    return CanonicalForm(pack(b"if"), children)


def _binary(node: n.Binary) -> CanonicalForm:
    head = pack(b"binary", node.operator.encode())
    return CanonicalForm(head, [(b"left", node.left), (b"right", node.right)])


_FORMS: Final[dict[type[n.Node], Callable[[Any], CanonicalForm]]] = {
    n.Literal: _literal,
    n.Self: lambda _: CanonicalForm(pack(b"self"), []),
    n.SuperIndex: lambda node: CanonicalForm(pack(b"super"), [(b"index", node.index)]),
    n.InSuper: lambda node: CanonicalForm(pack(b"in super"), [(b"name", node.name)]),
    n.StdReference: lambda node: CanonicalForm(pack(b"builtin", node.name.encode()), []),
    n.Array: _array,
    n.ArrayComp: _array_comp,
    n.ObjectComp: _object_comp,
    n.Function: _function,
    n.Apply: _apply,
    n.Index: _index,
    n.If: _if,
    n.Error: lambda node: CanonicalForm(pack(b"error"), [(b"message", node.message)]),
    n.Unary: lambda node: CanonicalForm(
        pack(b"unary", node.operator.encode()), [(b"of", node.operand)]
    ),
    n.Binary: _binary,
    n.Import: lambda node: CanonicalForm(pack(node.kind.encode(), node.path.encode()), []),
}

"""The form of a node: all that counts of it, without what does not.

A form is a *head* (what kind of node, its operator, its field names, …) and *limbs*: the
expressions below it, each with the *step* that leads there, in canonical order. Variables and
`local` have no form: what a variable counts for is what it is bound to, and a `local` is
transparent. `docs/explanation/identity.md` lists all heads and steps.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from eventer.jsonnet import nodes as n
from eventer.jsonnet.nodes import Expr

Limbs: TypeAlias = list[tuple[bytes, Expr]]


class Form(NamedTuple):
    """What counts of a node: its head, and the expressions below it by their steps."""

    head: bytes
    limbs: Limbs


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field with the step to its value, and the step to its name if that is computed."""

    field: n.Field
    value_step: bytes
    name_step: bytes | None = None


FieldOrder: TypeAlias = Callable[[n.Object], Sequence[NamedField]]
"""The fields of an object in canonical order."""


def form_of(node: Expr, fields: FieldOrder) -> Form:
    """The form of any core node but `Var` and `Local`."""
    if isinstance(node, n.Object):
        return _object(node, fields(node))
    return _FORMS[type(node)](node)


def digest(*parts: bytes) -> bytes:
    """The 16-byte hash of a sequence of byte strings."""
    return blake2b(pack(*parts), digest_size=16, person=b"eventer.form").digest()


def pack(*parts: bytes) -> bytes:
    """Byte strings one after the other, each after its length: no two sequences look alike."""
    return b"".join([len(part).to_bytes(4, "little") + part for part in parts])


def literal_name(field: n.Field) -> str | None:
    """The name of a field, if it is a literal (within a `local`, too: it can use none)."""
    name = field.name
    while isinstance(name, n.Local):
        name = name.body
    return name.value if isinstance(name, n.Literal) and isinstance(name.value, str) else None


def in_source_order(node: n.Object) -> Sequence[NamedField]:
    """An order for those who only want to reach every limb."""
    return [
        NamedField(field, b"value", None if literal_name(field) is not None else b"name")
        for field in node.fields
    ]


def _number(value: int) -> bytes:
    return b"%d" % value


def _literal(node: n.Literal) -> Form:
    value = node.value
    if value is None:
        return Form(pack(b"null"), [])
    if isinstance(value, bool):
        return Form(pack(b"true" if value else b"false"), [])
    if isinstance(value, str):
        return Form(pack(b"string", value.encode()), [])
    return Form(pack(b"number", struct.pack("<d", value)), [])


def _array(node: n.Array) -> Form:
    limbs: Limbs = [(_number(i), each) for i, each in enumerate(node.elements)]
    return Form(pack(b"array", _number(len(limbs))), limbs)


def _specs(specs: Sequence[n.CompSpec]) -> tuple[bytes, Limbs]:
    kinds, limbs = bytearray(), Limbs()
    for i, spec in enumerate(specs):
        if isinstance(spec, n.ForSpec):
            kinds += b"f"
            limbs.append((b"for " + _number(i), spec.source))
        else:
            kinds += b"i"
            limbs.append((b"if " + _number(i), spec.condition))
    return bytes(kinds), limbs


def _array_comp(node: n.ArrayComp) -> Form:
    kinds, limbs = _specs(node.specs)
    return Form(pack(b"array for", kinds), [*limbs, (b"body", node.body)])


def _object_comp(node: n.ObjectComp) -> Form:
    kinds, limbs = _specs(node.specs)
    head = pack(b"object for", kinds, _sign(node))
    return Form(head, [*limbs, (b"name", node.name), (b"body", node.body)])


def _sign(field: n.Field | n.ObjectComp) -> bytes:
    return ("+" * field.plus + field.visibility.value).encode()


def _object(node: n.Object, fields: Sequence[NamedField]) -> Form:
    parts: list[bytes] = []
    limbs: Limbs = []
    for each in fields:
        name = literal_name(each.field)
        if each.name_step is not None:
            limbs.append((each.name_step, each.field.name))
        limbs.append((each.value_step, each.field.body))
        parts += (b"[]" if name is None else b":" + name.encode(), _sign(each.field))
    for i, assertion in enumerate(node.asserts):
        limbs.append((b"assert " + _number(i), assertion.condition))
        if assertion.message is not None:
            limbs.append((b"message " + _number(i), assertion.message))
        parts.append(b"assert" if assertion.message is None else b"assert :")
    return Form(pack(b"object", *parts), limbs)


def _function(node: n.Function) -> Form:
    limbs = Limbs()
    for i, param in enumerate(node.params):
        if param.default is not None:
            limbs.append((b"default " + _number(i), param.default))
    kinds = bytes([b"-="[param.default is not None] for param in node.params])
    return Form(pack(b"function", kinds), [*limbs, (b"body", node.body)])


def _apply(node: n.Apply) -> Form:
    limbs: Limbs = [(b"target", node.target)]
    limbs += [(_number(i), each) for i, each in enumerate(node.positional)]
    named = sorted(node.named, key=lambda each: each.name)
    limbs += [(b":" + each.name.encode(), each.value) for each in named]
    names = [each.name.encode() for each in named]
    strict = b"tailstrict" if node.tailstrict else b""
    return Form(pack(b"apply", strict, _number(len(node.positional)), *names), limbs)


def _index(node: n.Index) -> Form:
    return Form(pack(b"index"), [(b"target", node.target), (b"index", node.index)])


def _if(node: n.If) -> Form:
    otherwise = node.otherwise
    assert otherwise is not None  # desugaring fills it in
    limbs: Limbs = [(b"if", node.condition), (b"then", node.then), (b"else", otherwise)]
    return Form(pack(b"if"), limbs)


def _binary(node: n.Binary) -> Form:
    head = pack(b"binary", node.operator.encode())
    return Form(head, [(b"left", node.left), (b"right", node.right)])


_FORMS: Final[dict[type[n.Node], Callable[[Any], Form]]] = {
    n.Literal: _literal,
    n.Self: lambda _: Form(pack(b"self"), []),
    n.SuperIndex: lambda node: Form(pack(b"super"), [(b"index", node.index)]),
    n.InSuper: lambda node: Form(pack(b"in super"), [(b"name", node.name)]),
    n.Builtin: lambda node: Form(pack(b"builtin", node.name.encode()), []),
    n.Array: _array,
    n.ArrayComp: _array_comp,
    n.ObjectComp: _object_comp,
    n.Function: _function,
    n.Apply: _apply,
    n.Index: _index,
    n.If: _if,
    n.Error: lambda node: Form(pack(b"error"), [(b"message", node.message)]),
    n.Unary: lambda node: Form(pack(b"unary", node.operator.encode()), [(b"of", node.operand)]),
    n.Binary: _binary,
    n.Import: lambda node: Form(pack(node.kind.encode(), node.path.encode()), []),
}

"""Calls of natives with positional arguments only, whatever the template names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from eventer.core.errors import EvaluationError
from eventer.jsonnet.argument_binding import bind_arguments, signature_text
from eventer.jsonnet.native_calls import native_calls
from eventer.jsonnet.nodes import Apply, Expr, Literal, Node
from eventer.jsonnet.object_values import MISSING
from eventer.jsonnet.walk import map_children


@dataclass(frozen=True, slots=True)
class NativeSignature:
    """The name and the parameters of a native; the flag is true if the argument may be omitted."""

    name: str
    parameters: tuple[tuple[str, bool], ...]


NativeSignatures: TypeAlias = Mapping[str, NativeSignature]
"""The signatures of natives by name."""


def positional_call(call: Apply, signature: NativeSignature) -> Apply:
    """The call with its named arguments in the order of the parameters.

    An omitted argument before a given one becomes null, which means the same.

    Raises:
        EvaluationError: an argument is unknown, given twice or missing, or there are too many; at
            the place of the call.
    """
    named = {argument.name: argument.value for argument in call.named}
    try:
        _refuse_repeated(call, signature)
        given = bind_arguments(signature, call.positional, named)
    except EvaluationError as error:
        raise error.at(call.span) from None
    while given and given[-1] is MISSING:
        given.pop()
    ordered = [Literal(call.span, None) if each is MISSING else each for each in given]
    return replace(call, positional=tuple(ordered), named=())


def _refuse_repeated(call: Apply, signature: NativeSignature) -> None:
    seen: set[str] = set()
    for argument in call.named:
        if argument.name in seen:
            message = f"argument {argument.name!r} of {signature.name} is given twice"
            hint = f"write {signature_text(signature)}"
            raise EvaluationError(message, argument.span, hint=hint)
        seen.add(argument.name)


def with_positional_calls(tree: Expr, signatures: NativeSignatures) -> Expr:
    """The tree with positional arguments in all calls of known natives that name arguments.

    Calls that do not fit stay as they are: their evaluation raises.
    """
    known = {
        id(call): signatures[name]
        for name, call in native_calls(tree)
        if call.named and name in signatures
    }
    if not known:
        return tree

    def change(node: Node) -> Node:
        signature = known.get(id(node))
        if signature is None or not isinstance(node, Apply):
            return map_children(node, change)
        try:
            call = positional_call(node, signature)
        except EvaluationError:
            call = node
        return map_children(call, change)

    return cast("Expr", change(tree))

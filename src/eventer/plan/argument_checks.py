"""Checks calls of natives before evaluation.

This covers calls of `std.native("…")`, directly or by a local: whether their arguments fit the
parameters, and the values of arguments that are all literals. Other calls, and other values, are
checked when they are evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import EarlierPopulation, JsonValue, Population
from eventer.functions.catalog import CATALOG
from eventer.functions.spec import FunctionSpec
from eventer.jsonnet import nodes as n
from eventer.jsonnet.load import Program
from eventer.jsonnet.native_arguments import NativeSignatures, positional_call
from eventer.jsonnet.native_calls import native_calls
from eventer.plan.references import ReferencedPrograms


def check_arguments(
    program: Program,
    signatures: NativeSignatures,
    references: ReferencedPrograms,
    own_name: str = "",
) -> None:
    """Checks all calls of known natives; `references` are the streams that they may name.

    Under `own_name` they may name earlier events of their own stream.

    Raises:
        EvaluationError: a call is wrong, with its place.
    """
    populations = {name: each.population for name, each in references.items()}
    if own_name:
        populations[own_name] = EarlierPopulation()
    for tree in (program.root, *program.code.values()):
        for name, call in native_calls(tree):
            spec = CATALOG.find(name)
            if spec is not None:
                _check_call(spec, positional_call(call, signatures[name]), populations)


def _check_call(spec: FunctionSpec, call: n.Apply, populations: Mapping[str, Population]) -> None:
    constants = [constant_of(argument) for argument in call.positional]
    if any(c is NOT_CONSTANT for c in constants):
        return
    population = populations.get(str(constants[0])) if constants else None
    if spec.picks is not None and population is not None:
        spec = spec.picks(population)
    try:
        spec.check(constants)  # type: ignore[arg-type]  # none of them is NOT_CONSTANT
    except EvaluationError as error:
        raise error.at(call.span) from None


class NotConstantType:
    """The type of `NOT_CONSTANT`."""


NOT_CONSTANT: Final = NotConstantType()


def constant_of(node: n.Expr) -> JsonValue | NotConstantType:
    """The JSON value of an expression that is a constant."""
    match node:
        case n.Literal(value=value):
            return value
        case n.Unary(operator="-", operand=n.Literal(value=float(number))):
            return -number
        case n.Array(elements=elements):
            values = [constant_of(element) for element in elements]
            return NOT_CONSTANT if any(v is NOT_CONSTANT for v in values) else values  # type: ignore[return-value]  # checked
        case n.Object(fields=fields, asserts=()):
            return _constant_object(fields)
        case _:
            return NOT_CONSTANT


def _constant_object(fields: Sequence[n.Field]) -> JsonValue | NotConstantType:
    """An object whose fields are all constant and visible."""
    found: dict[str, JsonValue] = {}
    for field in fields:
        name, value = constant_of(field.name), constant_of(field.body)
        hidden = field.plus or field.visibility is n.Visibility.HIDDEN
        if hidden or not isinstance(name, str) or isinstance(value, NotConstantType):
            return NOT_CONSTANT
        found[name] = value
    return found

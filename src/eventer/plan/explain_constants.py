"""The parts of an event that are the same in all events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, force
from eventer.plan.symbols import Symbolic, SymbolicList
from eventer.plan.trace.context_natives import is_context_text
from eventer.plan.trace.row_views import lift_list
from eventer.plan.trace.traced_objects import OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError


def constant_parts(tracer: Tracer, value: Any) -> tuple[str, ...]:
    """The JSON pointers of constant parts; a constant part has one pointer for all its fields."""
    return tuple(_parts(tracer, value, ""))


def _parts(tracer: Tracer, operand: Any, pointer: str) -> list[str]:
    try:
        value = tracer.simplified(force(operand))
        if isinstance(value, SymbolicList):
            return _of_list(tracer, lift_list(tracer, value), pointer)
        if isinstance(value, Symbolic) and not is_context_text(value):
            return []
        children = list(_children(value))
    except (EvaluationError, PlanUnsupportedError):
        return []
    found = [_parts(tracer, child, f"{pointer}/{_escaped(name)}") for name, child in children]
    paths = [f"{pointer}/{_escaped(name)}" for name, _ in children]
    whole = all(parts == [path] for parts, path in zip(found, paths, strict=True))
    if whole and not _varies(value):
        return [pointer]
    return [part for parts in found for part in parts]


def _of_list(tracer: Tracer, value: SymbolicList, pointer: str) -> list[str]:
    with tracer.inside(value.elements):
        return _parts(tracer, value.item, f"{pointer}/*")


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Array):
        yield from ((str(number), item) for number, item in enumerate(value.items))
    elif isinstance(value, Object):
        for name in value.names() if not isinstance(value, TracedObject) else _sure(value):
            yield name, value.get(name)


def _sure(value: TracedObject) -> list[str]:
    """The fields that all rows have."""
    return [n for n, chain in value.fields() if not isinstance(chain[0][1], OptionalMember)]


def _varies(value: Any) -> bool:
    """Whether an object has fields in some rows only."""
    if not isinstance(value, TracedObject):
        return False
    return len(_sure(value)) < len(value.fields())


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

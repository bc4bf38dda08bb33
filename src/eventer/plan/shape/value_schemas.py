"""The schema of values from what inference knows about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    RecordField,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
    optional,
)
from eventer.plan.shape.abstract import (
    NEVER,
    AbstractArray,
    AbstractObject,
    AbstractValue,
    Boolean,
    Core,
    Mixed,
    Number,
    ObjectLayers,
    Text,
    Unknown,
    join,
)
from eventer.plan.shape.object_layers import OTHER_NAME, find_field, may_lack, visible_names

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

MAX_DEPTH: Final = 16
"""Deeper values are JSON: types of recursive functions have no end."""
MAX_NODES: Final = 4_000
"""Parts of a schema; beyond it values are JSON."""
MAX_CHOICES: Final = 64

JSON: Final = Scalar(ScalarKind.JSON)


class SchemaWriter:
    """Writes the schema of abstract values of one inference."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._nodes = 0

    def schema(self, value: AbstractValue, depth: int = 0) -> ValueSchema:
        """The schema of a value."""
        self._nodes += 1
        if value.core is None:
            return Optional(JSON)
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            return Optional(JSON) if value.nullable else JSON
        found = self._of(value.core, depth)
        return optional(found) if value.nullable else found

    def _of(self, core: Core, depth: int) -> ValueSchema:
        match core:
            case Number(integer=integer):
                return Scalar(ScalarKind.INTEGER if integer else ScalarKind.NUMBER)
            case Text():
                return _text(core)
            case Boolean():
                return Scalar(ScalarKind.BOOLEAN)
            case AbstractArray(element=element):
                found = element.get()
                return ListOf(JSON if found == NEVER else self.schema(found, depth + 1))
            case AbstractObject(alternatives=alternatives):
                return self._object(alternatives, depth)
            case Mixed(alternatives=alternatives):
                return self._union(alternatives, depth)
            case _:
                return JSON

    def _union(self, alternatives: tuple[Core, ...], depth: int) -> ValueSchema:
        parts = [self._of(each, depth + 1) for each in alternatives]
        return JSON if JSON in parts else Union(tuple(parts))

    def _object(self, alternatives: tuple[ObjectLayers, ...], depth: int) -> ValueSchema:
        fields: dict[str, AbstractValue] = {}
        for layers in alternatives:
            for name in visible_names(layers):
                found = find_field(self._inference, layers, name)
                fields[name] = join(fields.get(name, NEVER), found)
        if any(layer.open for layers in alternatives for layer in layers.layers):
            return self._map(alternatives, fields, depth)
        return Record(
            tuple(
                RecordField(name, self._field(alternatives, name, fields[name], depth))
                for name in sorted(fields)
                if fields[name] != NEVER
            )
        )

    def _field(
        self, alternatives: tuple[ObjectLayers, ...], name: str, value: AbstractValue, depth: int
    ) -> ValueSchema:
        found = self.schema(value, depth + 1)
        absent = any(
            name not in visible_names(layers) or may_lack(layers, name) for layers in alternatives
        )
        return optional(found) if absent else found

    def _map(
        self, alternatives: tuple[ObjectLayers, ...], fields: dict[str, AbstractValue], depth: int
    ) -> ValueSchema:
        total = NEVER
        for value in fields.values():
            total = join(total, value)
        for layers in alternatives:
            if any(layer.open for layer in layers.layers):
                total = join(total, find_field(self._inference, layers, OTHER_NAME))
        if isinstance(total.core, Unknown) and not isinstance(total.core, Mixed):
            return MapOf(JSON)
        return MapOf(self.schema(total, depth + 1))


def _text(text: Text) -> ValueSchema:
    if text.timestamp:
        return Scalar(ScalarKind.TIMESTAMP)
    if text.uuid:
        return Scalar(ScalarKind.UUID)
    if text.values is not None and 1 < len(text.values) <= MAX_CHOICES:
        return Choice(tuple(sorted(text.values)))
    return Scalar(ScalarKind.TEXT)

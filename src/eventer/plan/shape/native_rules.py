"""The types of results of native functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.spec import (
    ElementField,
    FieldSpec,
    FieldType,
    FunctionSpec,
    ReturnType,
    field_names,
)
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NEVER,
    NULL,
    NUMBER,
    TEXT,
    AbstractArray,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    LazyValue,
    ObjectLayers,
    Text,
    array_of,
    evaluated,
    join,
    object_of,
    text_of,
)
from eventer.plan.shape.constant_values import constant, constant_of, join_all

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_TYPES: Final = {
    ReturnType.INTEGER: INTEGER,
    ReturnType.NUMBER: NUMBER,
    ReturnType.TEXT: TEXT,
    ReturnType.BOOLEAN: BOOLEAN,
    ReturnType.ARRAY: array_of(evaluated(ANYTHING)),
    ReturnType.TIMESTAMP: AbstractValue(Text(timestamp=True)),
    ReturnType.UUID: AbstractValue(Text(uuid=True)),
    ReturnType.JSON: ANYTHING,
}


def native_result(
    inference: Inference, name: str, arguments: tuple[LazyValue, ...]
) -> AbstractValue:
    """The result of the native function of this name."""
    spec = CATALOG.find(name)
    if spec is None:
        return ANYTHING
    if spec.picks is not None:
        return _event(inference, arguments)
    if spec.items is not None and arguments:
        item = _item(spec, arguments[0].get())
        return array_of(evaluated(item)) if spec.return_type is ReturnType.ARRAY else item
    if not spec.fields and spec.fields_of is None:
        return _TYPES[spec.return_type]
    if spec.fields_of is None:
        made = _object(spec.fields, arguments)
        return array_of(evaluated(made)) if spec.return_type is ReturnType.ARRAY else made
    return _objects_of(spec.fields_of, len(spec.parameters), inference, arguments)


def _object(specs: Mapping[str, FieldType], arguments: tuple[LazyValue, ...]) -> AbstractValue:
    def later(name: str) -> LazyValue:
        return LazyValue(lambda: _field_type(specs[name], arguments))

    hidden = field_names(specs, hidden=True)
    fields = {
        name: AbstractField(
            later(name), None, Visibility.HIDDEN if name in hidden else Visibility.INHERIT
        )
        for name in specs
    }
    return object_of(ObjectLayers((AbstractLayer(fields),)))


def _field_type(field: FieldType, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    found = _TYPES[field.return_type]
    match field:
        case FieldSpec(nullable=True):
            return join(found, NULL)
        case ElementField(is_key=True) if arguments:
            return _key_type(arguments[0])
        case _:
            return found


def _key_type(argument: LazyValue) -> AbstractValue:
    """One of the names of the fields of an argument, if they are known."""
    first = argument.get().core
    if not isinstance(first, AbstractObject):
        return TEXT
    layers = [layers for each in first.alternatives for layers in each.layers]
    if any(layer.open for layer in layers):
        return TEXT
    return text_of(*sorted({name for layer in layers for name in layer.fields}))


def _objects_of(
    fields_of: Callable[[Sequence[JsonValue]], Mapping[str, FieldSpec]],
    parameters: int,
    inference: Inference,
    arguments: tuple[LazyValue, ...],
) -> AbstractValue:
    """An object whose fields depend on constants: a text, which may be one of a few, and others."""
    first = arguments[0].get().core if arguments else None
    if not isinstance(first, Text) or first.values is None:
        return ANYTHING
    others = [constant_of(inference, each.get()) for each in arguments[1:]]
    others += [None] * (parameters - 1 - len(others))
    found = NEVER
    for text in sorted(first.values):
        try:
            found = join(found, _object(fields_of([text, *others]), arguments))
        except EvaluationError:
            continue
    return found


def _event(inference: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    """The event of the stream that the first argument names."""
    name = arguments[0].get().core if arguments else None
    if not isinstance(name, Text) or name.values is None:
        return ANYTHING
    found = NEVER
    for each in name.values:
        found = join(found, inference.referenced_event(each))
    return found


def _item(spec: FunctionSpec, items: AbstractValue) -> AbstractValue:
    assert spec.items is not None
    if isinstance(items.core, AbstractArray):
        return items.core.element.get()
    if isinstance(items.core, AbstractObject):
        return TEXT
    if not isinstance(items.core, Text) or items.core.values is None:
        return TEXT if isinstance(items.core, Text) else ANYTHING
    texts = items.core.values
    return join_all(constant(item) for text in texts for item in _text_items(spec.items, text))


def _text_items(
    items: Callable[[JsonValue], Sequence[JsonValue]], text: str
) -> Sequence[JsonValue]:
    """The items of a text; none if the call raises."""
    try:
        return items(text)
    except EvaluationError:
        return ()

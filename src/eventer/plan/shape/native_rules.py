"""The types of results of native functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.spec import FunctionSpec, ReturnType
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NEVER,
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
)
from eventer.plan.shape.constant_values import constant, join_all

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_TYPES: Final = {
    ReturnType.INTEGER: INTEGER,
    ReturnType.NUMBER: NUMBER,
    ReturnType.TEXT: TEXT,
    ReturnType.BOOLEAN: BOOLEAN,
    ReturnType.ARRAY: array_of(evaluated(ANYTHING)),
    ReturnType.TIMESTAMP: AbstractValue(Text(timestamp=True)),
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
    if spec.return_type is not ReturnType.OBJECT:
        return _TYPES[spec.return_type]
    fields = {
        field.name: AbstractField(
            evaluated(_TYPES[field.return_type]),
            None,
            Visibility.HIDDEN if field.hidden else Visibility.INHERIT,
        )
        for field in spec.fields.values()
    }
    return object_of(ObjectLayers((AbstractLayer(fields),)))


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

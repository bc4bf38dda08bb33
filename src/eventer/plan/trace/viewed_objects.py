"""Objects of other rows, as a `View` shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from eventer.jsonnet.nodes import Visibility
from eventer.jsonnet.object_layers import PLAIN_OBJECT_CODE, Layer, LayerField, ObjectCode
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Code
from eventer.plan.symbols import Symbol
from eventer.plan.trace.traced_objects import OptionalMember, TracedObject

if TYPE_CHECKING:
    from eventer.plan.trace.row_views import View
    from eventer.plan.trace.tracer import Tracer


class ViewedObject(TracedObject):
    """An object of the source of a view, in the current domain."""

    __slots__ = ("_original", "_view")

    def __init__(self, tracer: Tracer, original: Object, view: View) -> None:
        self._original = original
        self._view = view
        code, sealed = PLAIN_OBJECT_CODE, view.seals_objects
        has_asserts = original.has_asserts and not sealed
        if has_asserts:  # objects that extend this one have its asserts
            code = ObjectCode([], (), (lambda _: self.check_asserts(),), uses_draw_key=False)
        layers = (Layer(code, self._members(tracer), None, None),)
        super().__init__(
            tracer, layers, has_asserts=has_asserts, uses_draw_key=False, sealed=sealed
        )

    def check_asserts(self) -> None:
        """See `Object.check_asserts`: those of the original."""
        with self._tracer.inside(self._view.source):
            self._original.check_asserts()

    def _members(self, tracer: Tracer) -> dict[str, LayerField]:
        view, members = self._view, dict[str, LayerField]()
        with tracer.inside(view.source):  # without the facts of the current domain
            listed = listed_fields(self._original)
        for name, visibility, condition in listed:
            if visibility is Visibility.HIDDEN and view.hides_fields:
                continue
            if condition is None:
                body = _reader(self._original, name, view.of)
                members[name] = LayerField(body, visibility, None)
            else:
                body = _reader(self._original, name, partial(view.where, condition))
                members[name] = OptionalMember(body, visibility, None, view(condition))
        return members


def listed_fields(value: Object) -> Sequence[tuple[str, Visibility, Symbol | None]]:
    """The fields of an object, each with the condition under which it has it (None: always)."""
    if not isinstance(value, TracedObject):
        return [(name, entry[2], None) for name, entry in value.table.items()]
    listed = []
    for name in sorted({name for layer in value.layers for name in layer.members}):
        present = value.present(name)
        if present is not False:
            visibility = value.chain(name)[0][2]
            listed.append((name, visibility, None if present is True else present))
    return listed


def _reader(value: Object, name: str, show: Callable[[Callable[[], Any]], Any]) -> Code:
    return lambda _frame: show(lambda: value.get(name))

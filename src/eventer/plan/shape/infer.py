"""Infers the shape of a template's events: its tree is evaluated over abstract values.

Inference enters functions of the template, keeps the layers of objects and joins both branches of
conditions. Recursion, long templates and unknown values give `ANYTHING`, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from eventer.core.model import Column, EventShape, JsonValue
from eventer.core.value_schema import ValueSchema
from eventer.jsonnet import nodes as n
from eventer.jsonnet import std
from eventer.plan.references import ReferencedPrograms
from eventer.plan.shape.abstract import (
    ANYTHING,
    NEVER,
    NULL,
    AbstractArray,
    AbstractClosure,
    AbstractClosures,
    AbstractEnvironment,
    AbstractObject,
    AbstractValue,
    LazyValue,
    StdObject,
    Text,
    Unknown,
    closures_of,
    column_type,
    evaluated,
    join,
    object_of,
    without_values,
)
from eventer.plan.shape.constant_values import constant, join_all
from eventer.plan.shape.object_layers import find_field, independent, may_lack, visible_names
from eventer.plan.shape.rules import RULES
from eventer.plan.shape.std_rules import std_result
from eventer.plan.shape.value_schemas import SchemaWriter

_Arguments: TypeAlias = tuple[Sequence[LazyValue], Mapping[str, LazyValue]]

MAX_STEPS: Final = 50_000
MAX_DEPTH: Final = 120


def infer_shape(
    root: n.Expr,
    imports: Mapping[str, n.Expr | None],
    variables: Mapping[str, JsonValue],
    part: Sequence[str] = (),
    references: ReferencedPrograms = MappingProxyType({}),
    *,
    step_name: str | None = None,
    own_name: str = "",
) -> EventShape:
    """The shape of the events of a template, or of the part of them at these reference tokens.

    With `step_name`, the first token leads to the steps of a timeline, and only those that can have
    this name count. `imports` are the analysed trees of `import` by path, None for texts and bytes;
    `variables` are the external variables, which are also the arguments of a template that is a
    function; `references` are the streams that it may refer to, and `own_name` means its own.
    """
    inference = Inference(imports, variables, references, own_name)
    return _shape_of(_part_of(inference.event(root), part, step_name, inference), inference)


def infer_schema(
    root: n.Expr,
    imports: Mapping[str, n.Expr | None],
    variables: Mapping[str, JsonValue],
    part: Sequence[str] = (),
    references: ReferencedPrograms = MappingProxyType({}),
    *,
    step_name: str | None = None,
    own_name: str = "",
) -> ValueSchema:
    """The schema of the events of a template, or of a part of them; arguments as `infer_shape`."""
    inference = Inference(imports, variables, references, own_name)
    value = _part_of(inference.event(root), part, step_name, inference)
    return SchemaWriter(inference).schema(value)


def _part_of(
    value: AbstractValue, part: Sequence[str], step_name: str | None, inference: Inference
) -> AbstractValue:
    """The part of a value at some reference tokens; see `infer_shape`."""
    for at, token in enumerate(part):
        value = _field_of(value, token, inference)
        if at == 0 and step_name is not None:
            value = _steps_named(step_name, value, inference)
    return value


def _steps_named(name: str, steps: AbstractValue, inference: Inference) -> AbstractValue:
    """The steps whose `to` can be this name."""
    if not isinstance(steps.core, AbstractObject):
        return steps
    named = tuple(
        layers
        for layers in steps.core.alternatives
        if _may_be(name, _field_of(object_of(layers), "to", inference))
    )
    return AbstractValue(AbstractObject(named) if named else None, steps.nullable)


def _may_be(text: str, value: AbstractValue) -> bool:
    match value.core:
        case Text(values=values):
            return values is None or text in values
        case core:
            return isinstance(core, Unknown)


def _field_of(value: AbstractValue, name: str, inference: Inference) -> AbstractValue:
    """What a reference token refers to: null where a value has no such field."""
    match value.core:
        case AbstractObject(alternatives=alternatives):
            found = NULL if value.nullable else NEVER
            for layers in alternatives:
                field = NULL
                if name in visible_names(layers):
                    field = find_field(inference, layers, name)
                    if may_lack(layers, name):
                        field = join(field, NULL)
                elif any(layer.open for layer in layers.layers):
                    field = ANYTHING
                found = join(found, field)
            return found
        case AbstractArray(element=element):
            return join(element.get(), NULL)
        case Unknown():
            return ANYTHING
        case _:
            return NULL


def _shape_of(value: AbstractValue, inference: Inference) -> EventShape:
    match value.core:
        case AbstractObject(alternatives=alternatives):
            found: dict[str, AbstractValue] = {}
            for layers in alternatives:
                for name in visible_names(layers):
                    field = find_field(inference, layers, name)
                    found[name] = join(found[name], field) if name in found else field
            columns = tuple(Column(name, column_type(found[name])) for name in sorted(found))
            is_open = any(layer.open for layers in alternatives for layer in layers.layers)
            return EventShape(columns, is_open, None if value.nullable else True)
        case Unknown() | None if value != NULL:
            return EventShape((), open=True, is_object=None)
        case _:
            return EventShape((), open=False, is_object=False)


class Inference:
    """The inference of one template, limited in steps and depth."""

    def __init__(
        self,
        imports: Mapping[str, n.Expr | None],
        variables: Mapping[str, JsonValue],
        references: ReferencedPrograms,
        own_name: str = "",
        *,
        earlier: bool = False,
    ) -> None:
        """`earlier`: of events to which later ones of the same stream refer."""
        std.load()
        self._references = references
        self._own_name = own_name
        self._earlier = earlier
        self._root: n.Expr | None = None
        self._earlier_event: AbstractValue | None = None
        self._events: dict[str, AbstractValue] = {}
        self._imports = imports
        self._imported: dict[str, LazyValue] = {}
        self._variables = variables
        self._calls: list[tuple[AbstractClosure, _Arguments, LazyValue]] = []
        self._steps = 0
        self._depth = 0

    def event(self, root: n.Expr) -> AbstractValue:
        """The value of the template."""
        self._root = root
        value = self.infer(
            root, AbstractEnvironment({"std": evaluated(AbstractValue(StdObject()))})
        )
        if isinstance(value.core, AbstractClosure | AbstractClosures):
            arguments = {name: evaluated(constant(v)) for name, v in self._variables.items()}
            value = join_all(self.call(f, (), arguments) for f in closures_of(value.core))
        return value

    def referenced_event(self, name: str) -> AbstractValue:
        """The event of a stream that can be referred to."""
        if name and name == self._own_name:
            return self._event_of_itself()
        referenced = self._references.get(name)
        if referenced is None:
            return NEVER
        if name not in self._events:
            program = referenced.program
            own_name = referenced.own_name
            inference = Inference(program.code, program.vars, self._references, own_name)
            inference._events = self._events  # independent of the inference, so computed once
            self._events[name] = independent(inference, inference.event(program.root))
        return self._events[name]

    def _event_of_itself(self) -> AbstractValue:
        """An earlier event of the stream; null at the first one."""
        if self._earlier or self._root is None:
            return NEVER
        if self._earlier_event is None:
            given = (self._imports, self._variables, self._references, self._own_name)
            inference = Inference(*given, earlier=True)
            inference._events = self._events
            self._earlier_event = independent(inference, inference.event(self._root))
        return join(self._earlier_event, NULL)

    def infer(self, node: n.Expr, env: AbstractEnvironment) -> AbstractValue:
        """The value of a node."""
        rule = RULES.get(type(node))
        self._steps += 1
        if rule is None or self._steps > MAX_STEPS or self._depth > MAX_DEPTH:
            return ANYTHING
        self._depth += 1
        try:
            return rule(self, node, env)
        finally:
            self._depth -= 1

    def later(self, node: n.Expr, env: AbstractEnvironment) -> LazyValue:
        """The value of a node, inferred at its first use."""
        return LazyValue(lambda: self.infer(node, env))

    def call(
        self,
        closure: AbstractClosure,
        positional: Sequence[LazyValue],
        named: Mapping[str, LazyValue],
    ) -> AbstractValue:
        """The result of a function of the template.

        A call within an equal call has the results that are found so far.
        """
        for known, arguments, result in self._calls:
            if known == closure and _are_equal(arguments, (positional, named)):
                return result.get()
        result = LazyValue(lambda: self._called(closure, positional, named))
        self._calls.append((closure, (positional, named), result))
        try:
            return result.get()
        finally:
            self._calls.pop()

    def _called(
        self,
        closure: AbstractClosure,
        positional: Sequence[LazyValue],
        named: Mapping[str, LazyValue],
    ) -> AbstractValue:
        variables = dict(closure.env.variables)
        inner = AbstractEnvironment(variables, closure.env.self_object, closure.env.level)
        for at, param in enumerate(closure.node.params):
            if at < len(positional):
                variables[param.name] = positional[at]
            elif param.name in named:
                variables[param.name] = named[param.name]
            elif param.default is not None:
                variables[param.name] = self.later(param.default, inner)
            else:
                variables[param.name] = evaluated(NEVER)
        return self.infer(closure.node.body, inner)

    def std_call(self, name: str, arguments: tuple[LazyValue, ...]) -> AbstractValue:
        """The result of a function of the standard library."""
        return std_result(self, name, arguments, {})

    def external(self, name: str) -> AbstractValue:
        """The value of `std.extVar(name)`."""
        return constant(self._variables[name]) if name in self._variables else NEVER

    def imported(self, path: str) -> AbstractValue:
        """The value of `import path`."""
        tree = self._imports.get(path)
        if tree is None:
            return ANYTHING
        if path not in self._imported:
            env = AbstractEnvironment({"std": evaluated(AbstractValue(StdObject()))})
            self._imported[path] = self.later(tree, env)
        return self._imported[path].get()


def _are_equal(one: _Arguments, other: _Arguments) -> bool:
    """Whether arguments have the same types."""
    if len(one[0]) != len(other[0]) or one[1].keys() != other[1].keys():
        return False
    pairs = [*zip(one[0], other[0], strict=True), *((one[1][n], other[1][n]) for n in one[1])]
    return all(a is b or without_values(a.get()) == without_values(b.get()) for a, b in pairs)

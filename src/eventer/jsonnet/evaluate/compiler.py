"""Compiles core trees to closures over frames: one rule for each kind of node.

A rule gets the compiler, the node and the scope that it stands in, and gives the `Code` that
computes the node's value. In tail position, where the value is a function's own, some kinds have
another rule: a tailstrict call there is left in `Meter.tail` for whoever runs the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from eventer.jsonnet import std
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.constants import constant_of
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.evaluate.scope import Constant, Layout, Scope
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.nodes import Expr, Function, Node, Self, Var
from eventer.jsonnet.object_values import Object, object_of
from eventer.jsonnet.std.declarations import CONSTANTS, FUNCTIONS
from eventer.jsonnet.values import Code, Frame, Operand, Thunk, Value

Rule: TypeAlias = "Callable[[Compiler, Any, Scope], Code]"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule of each kind of node, and of those that have another one in tail position."""

    plain: Mapping[type, Rule]
    tail: Mapping[type, Rule]


class CompiledFile:
    """A compiled file: its code, and the slots that its frame has beyond parent and context."""

    __slots__ = ("code", "pad")

    def __init__(self, code: Code, pad: list[None]) -> None:
        self.code = code
        self.pad = pad

    def run(self, context: Context) -> Value:
        """The file's value."""
        return self.code([None, context, *self.pad])  # type: ignore[no-any-return]  # code is untyped by design


class Compiler:
    """Compiles the trees of one program.

    `draw_key_uses` counts what could tell one draw key from another; a tree without any such thing
    means the same in every context.
    """

    def __init__(self, runtime: Runtime, imports: Imports, rules: Rules) -> None:
        self.runtime = runtime
        self.imports = imports
        self.draw_key_uses = 0
        self._rules = rules
        self._std_objects: dict[str, Object] = {}
        self._constants: dict[int, tuple[Scope, Constant | None]] = {}
        std.load()

    def compile_file(self, tree: Expr) -> CompiledFile:
        """A file, ready to run."""
        layout = Layout()
        code = self.code(tree, Scope(layout))
        self._constants.clear()
        return CompiledFile(code, layout.pad(layout.first))

    def code(self, node: Node, scope: Scope, *, tail: bool = False) -> Code:
        """The code that computes a node's value in frames of the scope's layout."""
        constant = self.constant(node, scope)
        if constant is not None:
            return constant_code(constant.value)
        rule = self._rules.tail.get(type(node)) if tail else None
        return (rule or self._rules.plain[type(node)])(self, node, scope)

    def operand(self, node: Node, scope: Scope) -> Code:
        """The code that gives a node's operand: a thunk, or a value where that costs less."""
        if isinstance(node, Var) and self.constant(node, scope) is None:
            return self._slot(scope, node.name)
        return self.bound(node, scope)

    def callee(self, node: Node, scope: Scope) -> Code:
        """The code that gives what is applied, a function or not."""
        return self.code(node, scope)

    def function_body(self, body: Code, defaults: Sequence[Code | None]) -> Code:
        """The code of a function's body, run in a frame that may hold thunks of defaults."""
        del defaults
        return body

    def bound(self, node: Node, scope: Scope) -> Code:
        """The same for what is bound to a name: others of its group may not be there yet."""
        code = self.code(node, scope)
        if isinstance(node, Function | Self) or self.constant(node, scope) is not None:
            return code
        return self.delayed(code)

    def constant(self, node: Node, scope: Scope) -> Constant | None:
        """The node's value where it is known already.

        Remembered, so that the work grows with the text; but for variables, which are quickly
        looked up and may become known while their group is being declared.
        """
        if isinstance(node, Var):
            return constant_of(self, node, scope)
        seen = self._constants.get(id(node))
        if seen is not None and seen[0] is scope:
            return seen[1]
        constant = constant_of(self, node, scope)
        self._constants[id(node)] = (scope, constant)
        return constant

    def std_function(self, name: str) -> StdFunction:
        """A function of the standard library, which must exist."""
        return StdFunction(FUNCTIONS[name], self.runtime)

    def delayed(self, code: Code) -> Code:
        """Code that gives a thunk of other code."""

        def delay(frame: Frame) -> Thunk:
            return Thunk(code, frame)

        return delay

    def std_object(self, file: str) -> Object:
        """The standard library as an object; `std.thisFile` is the file's name."""
        library = self._std_objects.get(file)
        if library is None:
            fields: dict[str, Operand] = {name: self.std_function(name) for name in FUNCTIONS}
            fields |= CONSTANTS
            fields["thisFile"] = file
            library = self._std_objects[file] = object_of(fields, hidden=fields)
        return library

    @staticmethod
    def _slot(scope: Scope, name: str) -> Code:
        found = scope.find(name)
        assert isinstance(found, tuple)
        return slot_reader(*found)


class Imports:
    """The values of imported files, each made at most once an event."""

    def value(self, path: str) -> Value:
        """The value of a file imported as code."""
        raise NotImplementedError

    def data(self, path: str) -> bytes:
        """The bytes of a file imported as text or bytes."""
        raise NotImplementedError


def constant_code(value: Value) -> Code:
    """Code that gives one value."""

    def constant(_frame: Frame) -> Value:
        return value

    return constant


def slot_reader(depth: int, slot: int) -> Code:
    """Code that gives what a slot holds, forced or not."""
    if depth == 0:
        return lambda frame: frame[slot]
    if depth == 1:
        return lambda frame: frame[0][slot]
    if depth == 2:
        return lambda frame: frame[0][0][slot]

    def read(frame: Frame) -> Operand:
        for _ in range(depth):
            frame = frame[0]
        return frame[slot]  # type: ignore[no-any-return]  # frames are untyped by design

    return read

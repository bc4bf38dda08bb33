"""Compiles core trees to closures over frames: one rule for each kind of node.

A rule takes the compiler, the node and its scope, and returns the `Code` that computes the value of
the node. Some kinds have another rule in tail position, where the value is the result of a
function: it stores a tailstrict call in `Meter.tail` for the caller of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from eventer.jsonnet import std
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.constants import constant_of
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.evaluate.scope import Constant, Layout, Scope, slot_reader
from eventer.jsonnet.evaluate.std_calls import StdFunction
from eventer.jsonnet.nodes import Expr, Function, Node, Self, Var
from eventer.jsonnet.object_values import Object, object_of
from eventer.jsonnet.std.declarations import CONSTANTS, FUNCTIONS
from eventer.jsonnet.values import Code, Frame, Operand, Thunk, Value

Rule: TypeAlias = "Callable[[Compiler, Any, Scope], Code]"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule of each kind of node, and the rules for tail position."""

    plain: Mapping[type, Rule]
    tail: Mapping[type, Rule]


class CompiledFile:
    """A compiled file: its code, and the slots of its frame after parent and context."""

    __slots__ = ("code", "pad")

    def __init__(self, code: Code, pad: list[None]) -> None:
        self.code = code
        self.pad = pad

    def run(self, context: Context) -> Value:
        """The file's value."""
        return self.code([None, context, *self.pad])  # type: ignore[no-any-return]  # code is untyped by design


class Compiler:
    """Compiles the trees of one program.

    `draw_key_uses` counts the nodes that may depend on the draw key; a tree without such nodes has
    the same value in every context.
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
        """The compiled form of a file."""
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
        """The code of a node's operand: a thunk, or a value if that costs less."""
        if isinstance(node, Var) and self.constant(node, scope) is None:
            return self._slot(scope, node.name)
        return self.bound(node, scope)

    def callee(self, node: Node, scope: Scope) -> Code:
        """The code of the value that is applied, perhaps not a function."""
        return self.code(node, scope)

    def function_body(self, body: Code, defaults: Sequence[Code | None]) -> Code:
        """The code of a function's body, run in a frame that may hold thunks of defaults."""
        del defaults
        return body

    def bound(self, node: Node, scope: Scope) -> Code:
        """The operand of a bound expression: other names of its group may not be bound yet."""
        code = self.code(node, scope)
        if isinstance(node, Function | Self) or self.constant(node, scope) is not None:
            return code
        return self.delayed(code)

    def constant(self, node: Node, scope: Scope) -> Constant | None:
        """The value of the node, if it is known.

        Results are cached, except for variables: their lookup is fast, and they may become known
        while their group is being declared.
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
        """A function of the standard library."""
        return StdFunction(FUNCTIONS[name], self.runtime)

    def delayed(self, code: Code) -> Code:
        """Code that creates a thunk of other code."""

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
    """The values of imported files, each computed at most once per event."""

    def value(self, path: str) -> Value:
        """The value of a file imported as code."""
        raise NotImplementedError

    def data(self, path: str) -> bytes:
        """The bytes of a file imported as text or bytes."""
        raise NotImplementedError


def constant_code(value: Value) -> Code:
    """Code of a known value."""

    def constant(_frame: Frame) -> Value:
        return value

    return constant

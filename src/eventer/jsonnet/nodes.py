"""The nodes of surface trees (from the parser) and core trees (from `desugar`).

Nodes are immutable. The evaluator knows only core nodes; `desugar` replaces those marked *surface*.
`site` is the 64-bit name of a place that draws or is applied; `canonical` sets it (0 before). Equal
templates have equal sites, however they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from eventer.core.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """A node with a place in the text."""

    span: Span


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """`null`, `true`, `false`, a number (always float) or a string."""

    value: bool | float | str | None


@dataclass(frozen=True, slots=True)
class Var(Node):
    """A variable by name; `$` is the variable that the outermost object binds."""

    name: str


@dataclass(frozen=True, slots=True)
class Self(Node):
    """`self`."""


@dataclass(frozen=True, slots=True)
class SuperIndex(Node):
    """`super.f` and `super[e]`."""

    index: Expr


@dataclass(frozen=True, slots=True)
class InSuper(Node):
    """`e in super`."""

    name: Expr


@dataclass(frozen=True, slots=True)
class StdReference(Node):
    """A function of the standard library, named by `desugar`, even if `std` is bound."""

    name: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`[a, b]`."""

    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ForSpec(Node):
    """`for name in source`; each element has the key H(K, site, i)."""

    name: str
    source: Expr
    site: int = 0


@dataclass(frozen=True, slots=True)
class IfSpec(Node):
    """`if condition` in a comprehension."""

    condition: Expr


CompSpec: TypeAlias = ForSpec | IfSpec


@dataclass(frozen=True, slots=True)
class ArrayComp(Node):
    """`[body for … if …]`; the first spec is a `for`."""

    body: Expr
    specs: tuple[CompSpec, ...]


class Visibility(Enum):
    """`:` inherits, `::` hides, `:::` shows."""

    INHERIT = ":"
    HIDDEN = "::"
    VISIBLE = ":::"


@dataclass(frozen=True, slots=True)
class Param(Node):
    """A parameter and its default, which sees all parameters."""

    name: str
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`function(params) body`; `name` is for errors only: the local or field that it is bound to.

    Parameters may share a name, as in go-jsonnet: the body sees the last of them.
    """

    params: tuple[Param, ...]
    body: Expr
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """`name = body`; methods are `Function` nodes."""

    name: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Field(Node):
    """One field of an object literal; `name` is evaluated outside the object. `plus` is `+:`."""

    name: Expr
    body: Expr
    visibility: Visibility = Visibility.INHERIT
    plus: bool = False


@dataclass(frozen=True, slots=True)
class Assertion(Node):
    """`assert condition : message` of an object."""

    condition: Expr
    message: Expr | None


@dataclass(frozen=True, slots=True)
class Object(Node):
    """`{ … }`. After desugaring the outermost object has the local `$`."""

    fields: tuple[Field, ...]
    locals: tuple[Bind, ...] = ()
    asserts: tuple[Assertion, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectComp(Node):
    """`{ [name]: body for … }`; `locals` see the `for` variables and self."""

    name: Expr
    body: Expr
    specs: tuple[CompSpec, ...]
    locals: tuple[Bind, ...] = ()
    visibility: Visibility = Visibility.INHERIT
    plus: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[index]` and `target.name` (`dotted`, for printing only)."""

    target: Expr
    index: Expr
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """A named argument of a call."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """`target(positional, named)`; the body's key is H(K, site).

    A name may be given twice: go-jsonnet refuses that only when the call is evaluated.
    """

    target: Expr
    positional: tuple[Expr, ...]
    named: tuple[Argument, ...] = ()
    tailstrict: bool = False
    site: int = 0


@dataclass(frozen=True, slots=True)
class Local(Node):
    """`local binds; body`; the binds are mutually recursive."""

    binds: tuple[Bind, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if condition then … else …`; a missing `else` is `null` (in the core, a literal)."""

    condition: Expr
    then: Expr
    otherwise: Expr | None


@dataclass(frozen=True, slots=True)
class Error(Node):
    """`error message`."""

    message: Expr


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`+ - ! ~` before an operand."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`* / % + - << >> < > <= >= in == != & ^ | && ||` between two operands."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Import(Node):
    """`import`, `importstr` or `importbin` (`kind`) of a library path."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Parens(Node):
    """Surface: `(e)`."""

    body: Expr


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """Surface: `target[start:end:step]`."""

    target: Expr
    start: Expr | None
    end: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True)
class Extend(Node):
    """Surface: `e { … }`."""

    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Assert(Node):
    """Surface: `assert condition : message; body`."""

    condition: Expr
    message: Expr | None
    body: Expr


Expr: TypeAlias = (
    Literal
    | Var
    | Self
    | SuperIndex
    | InSuper
    | StdReference
    | Array
    | ArrayComp
    | Function
    | Object
    | ObjectComp
    | Index
    | Apply
    | Local
    | If
    | Error
    | Unary
    | Binary
    | Import
    | Parens
    | Slice
    | Extend
    | Assert
)

"""The plan as data: columns, each computed by one operation, over the rows of one domain.

A *domain* is a set of rows. `Root` has the events of the batch, `Filter` the rows of its parent for
which a condition holds, `Elements` one row for each element of the lists of its parent, in order,
and `Referenced` an event of another stream for each row of its parent. The nearest `Root` or
`Referenced` says which event a row belongs to, whose index draws depend on. The value of a node is
an array with one entry per row of its domain. Nodes and domains are interned: the same computation
is one node and is computed once per batch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, TypedDict, Unpack

from eventer.core.bindings import ReferencePath
from eventer.core.source import Span
from eventer.plan.unsupported import PlanUnsupportedError

MAX_NODES = 20_000
"""Columns of one plan; the interpreter runs templates that need more."""


class Type(Enum):
    """The array of a column.

    INTEGER: int64 within ±2^53. NUMBER: finite float64. BOOLEAN: bool. TEXT: Arrow large_string.
    DICTIONARY: int64 codes of the node's `entries`. VALUE: a `JsonDictionaryColumn`. RAW: the
    `Column` of a function. KEY: uint64. ROWS: int64 row numbers or lengths.
    """

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DICTIONARY = "dictionary"
    VALUE = "value"
    RAW = "raw"
    KEY = "key"
    ROWS = "rows"


@dataclass(eq=False, slots=True)
class Domain:
    """A set of rows, within `depth` other domains.

    `facts` are the codes that can occur in its rows, by node (0 and 1 for a BOOLEAN).
    """

    number: int
    parent: Domain | None
    facts: dict[Node, frozenset[int]] = field(default_factory=dict, repr=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        self.depth = 0 if self.parent is None else self.parent.depth + 1

    def chain(self) -> Iterator[Domain]:
        """This domain and its ancestors, the root last."""
        at: Domain | None = self
        while at is not None:
            yield at
            at = at.parent

    def within(self, other: Domain) -> bool:
        """Whether the other domain is this one or an ancestor."""
        return any(each is other for each in self.chain())


@dataclass(eq=False, slots=True)
class Root(Domain):
    """The events of the batch."""


@dataclass(eq=False, slots=True)
class Filter(Domain):
    """The rows of the parent for which `condition`, a BOOLEAN of the parent, equals `holds`."""

    condition: Node = field(kw_only=True)
    holds: bool = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Elements(Domain):
    """The elements of lists; `lengths` (ROWS) are the lengths in the rows of the parent."""

    lengths: Node = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Referenced(Domain):
    """Events of another stream, one for each row of the parent, whose INTEGER `index` it is.

    If `earlier`, they are earlier events of the parent's own stream.
    `population` are the references that lead to the stream if it grows; its events have due times,
    which some columns need if it is `timed`.
    """

    index: Node = field(kw_only=True)
    population: ReferencePath | None = field(default=None, kw_only=True)
    timed: bool = field(default=False, kw_only=True)
    earlier: bool = field(default=False, kw_only=True)


class NodeDetails(TypedDict, total=False):
    """The optional fields of a `Node`."""

    parameters: tuple[Any, ...]
    entries: tuple[Any, ...]
    bounds: tuple[int, int] | None
    span: Span | None
    kind: str | None
    label: str | None


@dataclass(eq=False, slots=True, kw_only=True)
class Node:
    """A column: an operation, its arguments (columns and literals) and its parameters.

    `entries` are the values of a DICTIONARY (plain JSON), `bounds` the lowest and highest value of
    an INTEGER, `kind` the type name of a VALUE, each if known. `label` names a draw or a function
    in explanations.
    """

    number: int
    operation: str
    arguments: tuple[Argument, ...]
    domain: Domain
    type: Type
    parameters: tuple[Any, ...] = ()
    entries: tuple[Any, ...] = ()
    bounds: tuple[int, int] | None = None
    span: Span | None = None
    kind: str | None = None
    label: str | None = None

    def __repr__(self) -> str:
        return f"%{self.number}"


@dataclass(frozen=True, slots=True)
class Literal:
    """An argument that is the same in every row: a scalar of the language."""

    value: bool | float | str | None


Argument: TypeAlias = Node | Literal


@dataclass(frozen=True, slots=True)
class RaisingRows:
    """Rows that raise: those of `domain` for which `condition` holds, or all if it is None."""

    domain: Domain
    condition: Node | None
    what: str
    span: Span | None


class Graph:
    """Creates nodes and domains, equal ones once."""

    def __init__(self) -> None:
        self.root = Root(0, None)
        self.domains: list[Domain] = [self.root]
        self.nodes: list[Node] = []
        self.raising_rows: list[RaisingRows] = []
        self._known: dict[Hashable, Any] = {}

    def node(
        self,
        operation: str,
        arguments: Sequence[Argument],
        domain: Domain,
        result: Type,
        **details: Unpack[NodeDetails],
    ) -> Node:
        """The column of an operation; its arguments have the same domain, except for `gather`.

        Raises:
            PlanUnsupportedError: the plan has too many columns.
        """
        key = (
            operation,
            tuple(map(self._identity, arguments)),
            tuple(map(self._identity, details.get("parameters", ()))),
            domain.number,
            result,
            tuple(map(id, details.get("entries", ()))),
        )
        found: Node | None = self._known.get(key)
        if found is None:
            if len(self.nodes) >= MAX_NODES:
                raise PlanUnsupportedError(
                    f"the plan needs more than {MAX_NODES:,} columns", details.get("span")
                )
            found = Node(
                number=len(self.nodes),
                operation=operation,
                arguments=tuple(arguments),
                domain=domain,
                type=result,
                **details,
            )
            self.nodes.append(found)
            self._known[key] = found
        return found

    def rows_of(
        self, node: Node, operation: str, arguments: Sequence[Argument], domain: Domain
    ) -> Node:
        """Rows of a node in another domain, by an operation."""
        return self.node(
            operation,
            arguments,
            domain,
            node.type,
            entries=node.entries,
            bounds=node.bounds,
            span=node.span,
            kind=node.kind,
        )

    def _identity(self, thing: Any) -> Hashable:
        """The key of an argument or parameter: plain ones by value, others by identity.

        The node holds them, so no other object can get the same identity.
        """
        if isinstance(thing, Literal):
            return type(thing.value), repr(thing.value)
        if isinstance(thing, str | int | float | bool | type(None)):
            return type(thing), repr(thing)
        return id(thing)

    def filter(self, parent: Domain, condition: Node, *, holds: bool) -> Filter:
        """The rows of a domain for which a condition of that domain equals `holds`."""
        key = ("filter", parent.number, id(condition), holds)
        found: Filter | None = self._known.get(key)
        if found is None:
            found = Filter(len(self.domains), parent, condition=condition, holds=holds)
            self._known[key] = self._added(found)
        return found

    def elements(self, parent: Domain, lengths: Node) -> Elements:
        """The elements of a list in each row of a domain."""
        key = ("elements", parent.number, id(lengths))
        found: Elements | None = self._known.get(key)
        if found is None:
            found = Elements(len(self.domains), parent, lengths=lengths)
            self._known[key] = self._added(found)
        return found

    def referenced(
        self,
        parent: Domain,
        index: Node,
        population: ReferencePath | None = None,
        *,
        earlier: bool = False,
    ) -> Referenced:
        """The events with these indices, one in each row of a domain.

        They are of another stream, or earlier ones of the same stream.
        """
        key = ("referenced", parent.number, id(index), population, earlier)
        found: Referenced | None = self._known.get(key)
        if found is None:
            found = Referenced(
                len(self.domains), parent, index=index, population=population, earlier=earlier
            )
            self._known[key] = self._added(found)
        return found

    def _added(self, domain: Domain) -> Any:
        self.domains.append(domain)
        return domain

    def add_raising_rows(
        self, domain: Domain, condition: Node | None, what: str, span: Span | None = None
    ) -> None:
        """Records rows that raise; the interpreter generates these events."""
        self.raising_rows.append(RaisingRows(domain, condition, what, span))


def source_node(node: Node) -> Node:
    """The node that a `take` has its values from; other nodes themselves."""
    while node.operation == "take":
        (argument,) = node.arguments
        assert isinstance(argument, Node)
        node = argument
    return node


def codes_node(node: Node) -> Node:
    """The node that a dictionary has its codes from; the same for dictionaries of equal codes.

    Facts about it hold in all domains within its own.
    """
    while True:
        node = source_node(node)
        if node.operation != "entries":
            return node
        (argument,) = node.arguments
        assert isinstance(argument, Node)
        node = argument

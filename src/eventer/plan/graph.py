"""The plan as data: columns, each computed by one operation, over the rows of one domain.

A *domain* is a set of rows. The root's are the batch's events; a `Filter` has those of its parent
for which a condition holds; an `Elements` has one for each element of a list in each row of its
parent, in order. A node's value is an array with one entry for each row of the node's domain. Nodes
and domains are interned: the same computation is one node, made once in a batch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from eventer.core.source import Span
from eventer.plan.unsupported import PlanUnsupportedError

MAX_NODES = 20_000
"""Columns that one plan may have: templates beyond it are refused, not run slowly."""


class Type(Enum):
    """What a column's array is.

    WHOLE int64 within ±2^53, NUMBER finite float64, BOOLEAN bool, TEXT an Arrow large_string,
    PICK int64 codes of the node's `entries`, VALUE a `JsonDictionaryColumn`, RAW the column of a
    function, KEY uint64, ROWS int64 positions.
    """

    WHOLE = "whole"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DICTIONARY = "pick"
    VALUE = "value"
    RAW = "raw"
    KEY = "key"
    ROWS = "rows"


@dataclass(eq=False, slots=True)
class Domain:
    """A set of rows. `facts` are what is known of nodes there: a truth, or the codes that occur.

    `depth` is how many domains it is within.
    """

    number: int
    parent: Domain | None
    facts: dict[Node, frozenset[int]] = field(default_factory=dict, repr=False)
    depth: int = field(init=False)

    def __post_init__(self) -> None:
        self.depth = 0 if self.parent is None else self.parent.depth + 1

    def chain(self) -> Iterator[Domain]:
        """This domain and those around it, innermost first."""
        at: Domain | None = self
        while at is not None:
            yield at
            at = at.parent

    def within(self, other: Domain) -> bool:
        """Whether every row of this domain belongs to a row of the other."""
        return any(each is other for each in self.chain())


@dataclass(eq=False, slots=True)
class Root(Domain):
    """The events of the batch."""


@dataclass(eq=False, slots=True)
class Filter(Domain):
    """The rows of the parent for which `condition` (a BOOLEAN there) is `holds`."""

    condition: Node = field(kw_only=True)
    holds: bool = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Elements(Domain):
    """One row for each element of a list: `lengths` (ROWS) says how many each parent row has."""

    lengths: Node = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Node:
    """A column: an operation, its arguments, what else it needs, and what comes out.

    `entries` are a PICK's values (plain JSON). `bounds` are the least and the greatest value of a
    WHOLE where known; `kind` is the type of a VALUE in the language, where known. `label` says what
    a draw or a function is, for people.
    """

    number: int
    operation: str
    arguments: tuple[Argument, ...]
    parameters: tuple[Any, ...]
    domain: Domain
    type: Type
    entries: tuple[Any, ...] = ()
    bounds: tuple[int, int] | None = None
    span: Span | None = None
    kind: str | None = None
    label: str | None = None

    def __repr__(self) -> str:
        return f"%{self.number}"


@dataclass(frozen=True, slots=True)
class Literal:
    """An argument that is the same in every row: a plain scalar of the language."""

    value: bool | float | str | None


Argument: TypeAlias = Node | Literal


@dataclass(frozen=True, slots=True)
class RaisingRows:
    """Rows that raise: those of `domain` for which `condition` holds (all where it is None)."""

    domain: Domain
    condition: Node | None
    what: str
    span: Span | None


class Graph:
    """Makes nodes and domains, each once."""

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
        *,
        parameters: tuple[Any, ...] = (),
        entries: tuple[Any, ...] = (),
        bounds: tuple[int, int] | None = None,
        span: Span | None = None,
        kind: str | None = None,
        label: str | None = None,
    ) -> Node:
        """The column of an operation; arguments are of the same domain (but for `gather`).

        Raises:
            PlanUnsupportedError: the plan grows too large.
        """
        key = (
            operation,
            tuple(map(self._identity, arguments)),
            tuple(map(self._identity, parameters)),
            domain.number,
            result,
            tuple(map(id, entries)),
        )
        found: Node | None = self._known.get(key)
        if found is None:
            if len(self.nodes) >= MAX_NODES:
                raise PlanUnsupportedError(f"the plan needs more than {MAX_NODES:,} columns", span)
            found = Node(
                len(self.nodes),
                operation,
                tuple(arguments),
                parameters,
                domain,
                result,
                entries,
                bounds,
                span,
                kind,
                label,
            )
            self.nodes.append(found)
            self._known[key] = found
        return found

    def _identity(self, thing: Any) -> Hashable:
        """What tells arguments and parameters apart: plain ones by value, others by identity.

        The node that is found by them holds them, so an identity is never that of something else.
        """
        if isinstance(thing, Literal):
            return type(thing.value), repr(thing.value)
        if isinstance(thing, str | int | float | bool | type(None)):
            return type(thing), repr(thing)
        return id(thing)

    def filter(self, parent: Domain, condition: Node, *, holds: bool) -> Filter:
        """The rows of a domain for which a condition (of that domain) is as said."""
        key = ("filter", parent.number, id(condition), holds)
        found: Filter | None = self._known.get(key)
        if found is None:
            found = Filter(len(self.domains), parent, condition=condition, holds=holds)
            self._known[key] = self._added(found)
        return found

    def elements(self, parent: Domain, lengths: Node) -> Elements:
        """The elements of a list that each row of a domain has."""
        key = ("elements", parent.number, id(lengths))
        found: Elements | None = self._known.get(key)
        if found is None:
            found = Elements(len(self.domains), parent, lengths=lengths)
            self._known[key] = self._added(found)
        return found

    def _added(self, domain: Domain) -> Any:
        self.domains.append(domain)
        return domain

    def add_raising_rows(
        self, domain: Domain, condition: Node | None, what: str, span: Span | None = None
    ) -> None:
        """Notes that rows of a domain raise; the interpreter says what."""
        self.raising_rows.append(RaisingRows(domain, condition, what, span))


def source_node(node: Node) -> Node:
    """The node whose rows a node takes, where it merely takes rows."""
    while node.operation == "take":
        (argument,) = node.arguments
        assert isinstance(argument, Node)
        node = argument
    return node


def codes_node(node: Node) -> Node:
    """The node that a PICK has its codes from: equal for picks whose codes are the same.

    Of nodes that take rows, the one they take them from: facts about it hold within.
    """
    while True:
        node = source_node(node)
        if node.operation != "entries":
            return node
        (argument,) = node.arguments
        assert isinstance(argument, Node)
        node = argument

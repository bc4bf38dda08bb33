"""YAML tokens as a tree of nodes: the first document of a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from eventer.core.errors import EvaluationError
from eventer.jsonnet.std.yaml_scanner import Scanner, YamlTokenKind

_SEQUENCES: Final = frozenset(
    {YamlTokenKind.FLOW_SEQUENCE, YamlTokenKind.SEQUENCE, YamlTokenKind.ITEM}
)
_FLOW: Final = frozenset({YamlTokenKind.FLOW_SEQUENCE, YamlTokenKind.FLOW_MAPPING})
_BLOCK: Final = _FLOW | {YamlTokenKind.SEQUENCE, YamlTokenKind.MAPPING}
_INDENTLESS: Final = _BLOCK | {YamlTokenKind.ITEM}
"""What may begin a collection inside brackets, in a block, and as the value of a block's key."""

_DEFAULT_PREFIXES: Final = {"!": "!", "!!": "tag:yaml.org,2002:"}


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar as written. `plain`: its type is to be found out; `tag` is empty where none is."""

    text: str
    plain: bool
    tag: str = ""


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    items: list[YamlNode] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values as written, duplicates and all."""

    pairs: list[tuple[YamlNode, YamlNode]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Alias:
    """`*name`: another mention of an anchored node."""

    target: YamlNode


YamlNode: TypeAlias = Scalar | Sequence | Mapping | Alias


def parse_document(text: str, charge: Callable[[int], None]) -> YamlNode | None:
    """The first document of a text; None where it has none. What follows it is not read.

    `charge` is told of the steps that it takes, and may refuse.

    Raises:
        EvaluationError: the text is no YAML.
    """
    return _Parser(Scanner(text, charge)).document()


class _Parser:
    """Recursive descent over the tokens of one document."""

    def __init__(self, tokens: Scanner) -> None:
        self._tokens = tokens
        self._anchors: dict[str, YamlNode] = {}
        self._prefixes: dict[str, str] = {}

    def document(self) -> YamlNode | None:
        self._directives()
        kind = self._tokens.peek().kind
        if kind is YamlTokenKind.STREAM_END:
            return None
        if kind is YamlTokenKind.DOCUMENT_START:
            self._tokens.take()
            if self._next_is(
                YamlTokenKind.VERSION,
                YamlTokenKind.TAG_PREFIX,
                YamlTokenKind.DOCUMENT_START,
                YamlTokenKind.DOCUMENT_END,
                YamlTokenKind.STREAM_END,
            ):
                return _empty()
        node = self._node(block=True)
        self._tokens.peek()  # what ends the document must be a token
        return node

    def _directives(self) -> None:
        seen = versions = 0
        while self._next_is(YamlTokenKind.VERSION, YamlTokenKind.TAG_PREFIX):
            token = self._tokens.take()
            seen += 1
            if token.kind is YamlTokenKind.VERSION:
                versions += 1
                if token.text != "1.1" or versions > 1:
                    raise self._error("a YAML version other than 1.1, or stated twice")
            elif token.text in self._prefixes:
                raise self._error(f"the tag handle {token.text} defined twice")
            else:
                self._prefixes[token.text] = token.suffix
        self._prefixes = _DEFAULT_PREFIXES | self._prefixes
        if seen and not self._next_is(YamlTokenKind.DOCUMENT_START):
            raise self._error("expected '---' after directives")

    def _node(self, *, block: bool, indentless: bool = False) -> YamlNode:
        """One node with its anchor and tag."""
        if self._next_is(YamlTokenKind.ALIAS):
            return self._alias()
        anchor, tag = self._properties()
        token = self._tokens.peek()
        node: YamlNode
        if token.kind is YamlTokenKind.SCALAR:
            self._tokens.take()
            plain = (not tag and token.plain) or tag == "!"
            node = Scalar(token.text, plain, tag)
        elif token.kind in (_INDENTLESS if indentless else _BLOCK if block else _FLOW):
            node = Sequence() if token.kind in _SEQUENCES else Mapping()
        elif anchor or tag:
            node = Scalar("", not tag, tag)
        else:
            raise self._error("expected a value")
        if anchor:
            self._anchors[anchor] = node
        self._fill(node, token.kind)
        return node

    def _fill(self, node: YamlNode, kind: YamlTokenKind) -> None:
        """Reads what a collection holds; its anchor is known by now, so it may hold itself."""
        if isinstance(node, Sequence):
            if kind is YamlTokenKind.FLOW_SEQUENCE:
                self._flow_sequence(node)
            elif kind is YamlTokenKind.SEQUENCE:
                self._block_sequence(node)
            else:
                self._indentless_sequence(node)
        elif isinstance(node, Mapping):
            if kind is YamlTokenKind.FLOW_MAPPING:
                self._flow_mapping(node)
            else:
                self._block_mapping(node)

    def _alias(self) -> YamlNode:
        name = self._tokens.peek().text
        if name not in self._anchors:
            raise self._error(f"unknown anchor '{name}'")
        self._tokens.take()
        return Alias(self._anchors[name])

    def _properties(self) -> tuple[str, str]:
        """An anchor and a tag, in either order, each at most once."""
        anchor = tag = ""
        for _ in range(2):
            if not anchor and self._next_is(YamlTokenKind.ANCHOR):
                anchor = self._tokens.take().text
            elif not tag and self._next_is(YamlTokenKind.TAG):
                token = self._tokens.take()
                if token.text and token.text not in self._prefixes:
                    raise self._error(f"undefined tag handle {token.text}")
                tag = (self._prefixes[token.text] if token.text else "") + token.suffix
        return anchor, tag

    def _block_sequence(self, node: Sequence) -> None:
        self._tokens.take()
        while self._next_is(YamlTokenKind.ITEM):
            self._tokens.take()
            if self._next_is(YamlTokenKind.ITEM, YamlTokenKind.BLOCK_END):
                node.items.append(_empty())
            else:
                node.items.append(self._node(block=True))
        self._expect(YamlTokenKind.BLOCK_END, "expected '-'")

    def _indentless_sequence(self, node: Sequence) -> None:
        """Entries at the column of the key that they belong to."""
        while self._next_is(YamlTokenKind.ITEM):
            self._tokens.take()
            if self._next_is(
                YamlTokenKind.ITEM, YamlTokenKind.KEY, YamlTokenKind.VALUE, YamlTokenKind.BLOCK_END
            ):
                node.items.append(_empty())
            else:
                node.items.append(self._node(block=True))

    def _block_mapping(self, node: Mapping) -> None:
        self._tokens.take()
        while self._next_is(YamlTokenKind.KEY):
            self._tokens.take()
            key = self._block_part()
            value: YamlNode = _empty()
            if self._next_is(YamlTokenKind.VALUE):
                self._tokens.take()
                value = self._block_part()
            node.pairs.append((key, value))
        self._expect(YamlTokenKind.BLOCK_END, "expected a key")

    def _block_part(self) -> YamlNode:
        if self._next_is(YamlTokenKind.KEY, YamlTokenKind.VALUE, YamlTokenKind.BLOCK_END):
            return _empty()
        return self._node(block=True, indentless=True)

    def _flow_sequence(self, node: Sequence) -> None:
        self._tokens.take()
        while not self._next_is(YamlTokenKind.FLOW_SEQUENCE_END):
            if node.items:
                self._expect(YamlTokenKind.COMMA, "expected ',' or ']'")
                if self._next_is(YamlTokenKind.FLOW_SEQUENCE_END):
                    break
            if self._next_is(YamlTokenKind.KEY):
                self._tokens.take()
                node.items.append(Mapping([self._flow_pair(YamlTokenKind.FLOW_SEQUENCE_END)]))
            else:
                node.items.append(self._node(block=False))
        self._tokens.take()

    def _flow_mapping(self, node: Mapping) -> None:
        self._tokens.take()
        while not self._next_is(YamlTokenKind.FLOW_MAPPING_END):
            if node.pairs:
                self._expect(YamlTokenKind.COMMA, "expected ',' or '}'")
                if self._next_is(YamlTokenKind.FLOW_MAPPING_END):
                    break
            if self._next_is(YamlTokenKind.KEY):
                self._tokens.take()
                node.pairs.append(self._flow_pair(YamlTokenKind.FLOW_MAPPING_END))
            else:
                node.pairs.append((self._node(block=False), _empty()))
        self._tokens.take()

    def _flow_pair(self, end: YamlTokenKind) -> tuple[YamlNode, YamlNode]:
        """`key: value` inside brackets; either may be missing."""
        key = self._flow_part(YamlTokenKind.VALUE, YamlTokenKind.COMMA, end)
        if not self._next_is(YamlTokenKind.VALUE):
            return key, _empty()
        self._tokens.take()
        return key, self._flow_part(YamlTokenKind.COMMA, end)

    def _flow_part(self, *stops: YamlTokenKind) -> YamlNode:
        return _empty() if self._next_is(*stops) else self._node(block=False)

    def _next_is(self, *kinds: YamlTokenKind) -> bool:
        return self._tokens.peek().kind in kinds

    def _expect(self, kind: YamlTokenKind, problem: str) -> None:
        if not self._next_is(kind):
            raise self._error(problem)
        self._tokens.take()

    def _error(self, problem: str) -> EvaluationError:
        line = self._tokens.peek().line + 1
        return EvaluationError(f"failed to parse YAML: line {line}: {problem}")


def _empty() -> Scalar:
    return Scalar("", plain=True)

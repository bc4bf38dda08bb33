"""A YAML text as a tree of nodes: libyaml (in PyYAML) scans it, with the rules of go-yaml.

go-jsonnet reads YAML with go-yaml 2, a port of an early libyaml. This module closes the gap to the
present libyaml: it refuses what only libyaml accepts, and repairs what only go-yaml accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

_DEPTH: Final = 1_000
"""The deepest nesting of collections."""

_LEVELS_PER_STEP: Final = 8
"""For each token libyaml looks at all open collections."""

_COMPARISONS_PER_STEP: Final = 64
"""libyaml compares each %TAG directive with all others."""

_EMPTY_ROOT = re.compile(
    r"(?:---(?=[ \t\n]))?(?:[ \t\r\n]|#.*\n)*(?:\[[ \t\r\n]*\]|\{[ \t\r\n]*\})(?=.*:)"
)
"""An empty collection that may be the first key of the root; go-yaml takes it for the root."""

_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")
"""What JSON allows in a string, and go-yaml does not."""

_COLON: Final = "\ue03a"
"""A character for private use: it replaces a colon that libyaml does not accept."""

_TAG_CONTEXTS: Final = {"while scanning a tag", "while parsing a tag"}

Mark: TypeAlias = Any
"""PyYAML's mark: the `line` and `column` of a place in a text, from 0, and its `index`."""


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar as written. If it is `plain`, its text decides its type; `tag` may be empty."""

    mark: Mark
    text: str
    plain: bool
    tag: str


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    mark: Mark
    items: list[YamlNode] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values as written, including duplicates."""

    mark: Mark
    pairs: list[tuple[YamlNode, YamlNode]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Alias:
    """`*name`: a reference to an anchored node."""

    mark: Mark
    target: YamlNode


YamlNode: TypeAlias = Scalar | Sequence | Mapping | Alias


def yaml_error(problem: str, mark: Mark) -> yaml.MarkedYAMLError:
    """The error for a text that has no value, in the form of PyYAML's own errors."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def parse_document(text: str, charge: Callable[[int], None]) -> YamlNode | None:
    """The first document of a text without control characters; None if the text has none.

    What follows the first document is not read. `charge` takes the steps of parsing, and may raise.

    Raises:
        yaml.MarkedYAMLError: the text is not valid YAML.
    """
    charge(text.count("%TAG") ** 2 // _COMPARISONS_PER_STEP)
    text = _without_mapping(text)
    has_colons = _COLON in text
    while True:
        try:
            return _Document(text, charge, restores_colons=not has_colons).root()
        except yaml.MarkedYAMLError as error:
            repaired = None if has_colons else _repair(text, error)
            if repaired is None:
                raise
            charge(len(text))
            text = repaired


def _without_mapping(text: str) -> str:
    """The empty root alone if a text begins with one; the token behind it must still be valid."""
    root = _EMPTY_ROOT.match(text)
    if root is None:
        return text
    blank = re.sub(".", " ", root.group())
    tokens = yaml.scan(blank + text[root.end() :], Loader=yaml.CBaseLoader)
    next(tokens)
    next(tokens)
    return root.group()


def _repair(text: str, error: yaml.MarkedYAMLError) -> str | None:
    """The text as libyaml accepts it at the place of the error; None if go-yaml refuses it too."""
    at = error.problem_mark.index
    found = text[at : at + 1]
    if error.problem == "found unknown escape character" and text.startswith("\\'", at):
        return f"{text[:at]}'{text[at + 2 :]}"
    if error.problem == "found unexpected ':'":
        return f"{text[:at]}{_COLON}{text[at + 1 :]}"
    if error.context in _TAG_CONTEXTS and found in {",", "[", "]"}:
        return f"{text[:at]}%{ord(found):02X}{text[at + 1 :]}"
    return None


class _Document:
    """Builds the nodes of one document from libyaml's events.

    PyYAML's own composer is not used: it recurses in C, without a limit.
    """

    def __init__(self, text: str, charge: Callable[[int], None], *, restores_colons: bool) -> None:
        self._text = text
        self._charge = charge
        self._restores_colons = restores_colons
        self._events = yaml.parse(text, Loader=yaml.CBaseLoader)
        self._anchors: dict[str, YamlNode] = {}
        self._depth = 0

    def root(self) -> YamlNode | None:
        """The document's value, None if the stream is empty."""
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), flow=False)
        self._next()  # a valid token must end the document
        return node

    def _next(self) -> Any:
        self._charge(1 + self._depth // _LEVELS_PER_STEP)
        return next(self._events)

    def _node(self, event: Any, *, flow: bool) -> YamlNode:
        """The node that begins with an event; `flow` is whether it is inside brackets."""
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise yaml_error(f"no anchor has the name '{event.anchor}'", mark)
            return Alias(mark, self._anchors[event.anchor])
        node: YamlNode
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, flow=flow)
        else:
            node = Sequence(mark) if isinstance(event, yaml.SequenceStartEvent) else Mapping(mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if not isinstance(node, Scalar):
            self._fill(node, flow=bool(event.flow_style))
        return node

    def _scalar(self, event: yaml.ScalarEvent, *, flow: bool) -> Scalar:
        text, mark = event.value, event.start_mark
        if event.style == '"':
            if _ESCAPED_SLASH.search(self._text, mark.index, event.end_mark.index):
                raise yaml_error("found unknown escape character '/'", mark)
        elif flow and not event.style and "?" in text:
            raise yaml_error("found '?' in a plain scalar inside brackets", mark)
        if self._restores_colons:
            text = text.replace(_COLON, ":")
        return Scalar(mark, text, event.implicit[0], event.tag or "")

    def _fill(self, node: Sequence | Mapping, *, flow: bool) -> None:
        """Reads the content of a collection. Its anchor is known, so it may contain itself."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise yaml_error(f"nested more than {_DEPTH:,} levels deep", node.mark)
        if isinstance(node, Sequence):
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                node.items.append(self._node(event, flow=flow))
        else:
            while not isinstance(event := self._next(), yaml.MappingEndEvent):
                key = self._node(event, flow=flow)
                node.pairs.append((key, self._node(self._next(), flow=flow)))
        self._depth -= 1

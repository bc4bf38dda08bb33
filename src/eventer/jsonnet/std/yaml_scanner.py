"""A YAML text as tokens, the form in which indentation and implicit keys are explicit.

The rules are those of libyaml, which go-jsonnet's parser descends from: YAML 1.1, a key on one line
and at most 1,024 characters long. Tokens are made as they are asked for, so that what follows the
first document is never judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from eventer.jsonnet.std.yaml_cursor import END, Cursor
from eventer.jsonnet.std.yaml_properties import (
    scan_anchor,
    scan_tag,
    scan_tag_prefix,
    scan_version,
)
from eventer.jsonnet.std.yaml_scalars import scan_block, scan_plain, scan_quoted

_KEY_LENGTH: Final = 1024
_DEPTH: Final = 1_000
"""How deep blocks and brackets may be nested."""

_LOOKED_AT_A_STEP: Final = 8
"""How many of the places where a key may have begun are looked at in a step."""

_NEVER_PLAIN: Final = frozenset("-?:,[]{}#&*!|>'\"%@`")


class YamlTokenKind(Enum):
    """What a token is."""

    VERSION = auto()
    TAG_PREFIX = auto()
    DOCUMENT_START = auto()
    DOCUMENT_END = auto()
    STREAM_END = auto()
    SEQUENCE = auto()
    MAPPING = auto()
    BLOCK_END = auto()
    FLOW_SEQUENCE = auto()
    FLOW_SEQUENCE_END = auto()
    FLOW_MAPPING = auto()
    FLOW_MAPPING_END = auto()
    ITEM = auto()
    COMMA = auto()
    KEY = auto()
    VALUE = auto()
    ALIAS = auto()
    ANCHOR = auto()
    TAG = auto()
    SCALAR = auto()


@dataclass(slots=True)
class YamlToken:
    """A token. `text` is a scalar's value, a name or a tag's handle; `suffix` the tag's rest."""

    kind: YamlTokenKind
    line: int
    text: str = ""
    suffix: str = ""
    plain: bool = False


@dataclass(slots=True)
class _PossibleKey:
    """Where an implicit key may have begun: the number of its first token, and its place.

    The parser waits for a key to be decided before it takes its first token; not for brackets with
    nothing in them that might be a key, so that `{}: a` is `{}` and a rest (as for go-jsonnet).
    """

    number: int
    position: int
    line: int
    column: int
    required: bool
    awaited: bool = True


_FLOW_BRACKETS: Final = {
    "[": YamlTokenKind.FLOW_SEQUENCE,
    "{": YamlTokenKind.FLOW_MAPPING,
    "]": YamlTokenKind.FLOW_SEQUENCE_END,
    "}": YamlTokenKind.FLOW_MAPPING_END,
}


class Scanner:
    """Makes the tokens of a text, one after the other; each and its nesting is charged for."""

    def __init__(self, text: str, charge: Callable[[int], None]) -> None:
        self._cursor = Cursor(text)
        self._charge = charge
        self._tokens: list[YamlToken] = []
        self._next = 0
        self._indent = -1
        self._indents: list[int] = []
        self._keys: list[_PossibleKey | None] = [None]
        self._keyless: list[int | None] = [None]
        self._key_allowed = True

    def peek(self) -> YamlToken:
        """The next token."""
        while self._next >= len(self._tokens) or self._may_be_key(self._next):
            self._scan()
        return self._tokens[self._next]

    def take(self) -> YamlToken:
        """The next token, stepping over it."""
        token = self.peek()
        self._next += 1
        return token

    @property
    def _flow(self) -> bool:
        return len(self._keys) > 1

    def _add(
        self, kind: YamlTokenKind, text: str = "", suffix: str = "", *, plain: bool = False
    ) -> None:
        self._tokens.append(YamlToken(kind, self._cursor.line, text, suffix, plain))

    def _scan(self) -> None:
        self._charge(1 + len(self._keys) // _LOOKED_AT_A_STEP)
        cursor = self._cursor
        self._skip_to_token()
        self._close_blocks(cursor.column)
        character = cursor.peek()
        if character == END:
            self._close_blocks(-1)
            self._forget_key()
            self._add(YamlTokenKind.STREAM_END)
        elif cursor.column == 0 and character == "%":
            self._directive()
        elif cursor.at_marker():
            self._marker()
        elif character in _FLOW_BRACKETS:
            self._bracket(character)
        elif character == ",":
            self._forget_key()
            self._key_allowed = True
            cursor.skip()
            self._add(YamlTokenKind.COMMA)
        elif character == "-" and cursor.at_edge(1):
            self._block_item()
        elif character == "?" and (self._flow or cursor.at_edge(1)):
            self._explicit_key()
        elif character == ":" and (self._flow or cursor.at_edge(1)):
            self._value()
        else:
            self._node(character)

    def _node(self, character: str) -> None:
        """An alias, an anchor, a tag or a scalar."""
        cursor = self._cursor
        if character in "|>" and not self._flow:
            self._forget_key()
            self._key_allowed = True
            self._add(YamlTokenKind.SCALAR, scan_block(cursor, self._indent))
            return
        self._remember_key()
        self._key_allowed = False
        if character in "*&":
            kind = YamlTokenKind.ALIAS if character == "*" else YamlTokenKind.ANCHOR
            self._add(kind, scan_anchor(cursor))
        elif character == "!":
            self._add(YamlTokenKind.TAG, *scan_tag(cursor))
        elif character in "'\"":
            self._add(YamlTokenKind.SCALAR, scan_quoted(cursor))
        elif self._starts_plain(character):
            text, broken = scan_plain(cursor, self._indent + 1, flow=self._flow)
            self._key_allowed = self._key_allowed or broken
            self._add(YamlTokenKind.SCALAR, text, plain=True)
        else:
            raise cursor.error(f"{character!r} cannot start a value")

    def _starts_plain(self, character: str) -> bool:
        if not self._cursor.at_edge() and character not in _NEVER_PLAIN:
            return True
        if character == "-":
            return not self._cursor.at_blank(1)
        return not self._flow and character in "?:" and not self._cursor.at_edge(1)

    def _skip_to_token(self) -> None:
        """Steps over blanks, comments and line breaks."""
        cursor = self._cursor
        while True:
            if cursor.column == 0 and cursor.peek() == "\ufeff":
                cursor.skip()
            tabs = self._flow or not self._key_allowed
            while cursor.peek() == " " or (tabs and cursor.peek() == "\t"):
                cursor.skip()
            cursor.skip_comment()
            if not cursor.at_break():
                return
            cursor.take_break()
            if not self._flow:
                self._key_allowed = True

    # Implicit keys: a node is a key if a `:` follows it on its line.

    def _may_be_key(self, number: int) -> bool:
        key = next((k for k in self._keys if k is not None and k.number == number), None)
        return key is not None and key.awaited and self._still_possible(key)

    def _still_possible(self, key: _PossibleKey) -> bool:
        cursor = self._cursor
        if key.line == cursor.line and key.position + _KEY_LENGTH >= cursor.position:
            return True
        if key.required:
            raise cursor.error("expected ':' after a key")
        return False

    def _remember_key(self) -> None:
        if self._key_allowed:
            cursor = self._cursor
            required = not self._flow and self._indent == cursor.column
            self._forget_key()
            self._keyless[-1] = None
            self._keys[-1] = _PossibleKey(
                len(self._tokens), cursor.position, cursor.line, cursor.column, required
            )

    def _forget_key(self) -> None:
        key = self._keys[-1]
        if key is not None and key.required:
            raise self._cursor.error("expected ':' after a key")
        self._keys[-1] = None

    # Blocks: a deeper column opens one, a shallower closes it.

    def _open_block(self, column: int, kind: YamlTokenKind, number: int | None = None) -> None:
        if self._flow or self._indent >= column:
            return
        self._indents.append(self._indent)
        self._indent = column
        if len(self._indents) + len(self._keys) > _DEPTH:
            raise self._cursor.error(f"nested deeper than {_DEPTH}")
        place = len(self._tokens) if number is None else number
        self._tokens.insert(place, YamlToken(kind, self._cursor.line))

    def _close_blocks(self, column: int) -> None:
        while not self._flow and self._indent > column:
            self._add(YamlTokenKind.BLOCK_END)
            self._indent = self._indents.pop()

    def _bracket(self, character: str) -> None:
        if character in "[{":
            self._remember_key()
            self._keys.append(None)
            self._keyless.append(len(self._tokens))
            self._key_allowed = True
            if len(self._indents) + len(self._keys) > _DEPTH:
                raise self._cursor.error(f"nested deeper than {_DEPTH}")
        else:
            self._forget_key()
            if self._flow:
                self._leave_brackets()
            self._key_allowed = False
        self._cursor.skip()
        self._add(_FLOW_BRACKETS[character])

    def _leave_brackets(self) -> None:
        self._keys.pop()
        below = self._keys[-1]
        opened = self._keyless.pop()
        if below is not None and below.number == opened:
            below.awaited = False

    def _block_item(self) -> None:
        if not self._flow:
            if not self._key_allowed:
                raise self._cursor.error("a block sequence entry is not allowed here")
            self._open_block(self._cursor.column, YamlTokenKind.SEQUENCE)
        self._forget_key()
        self._key_allowed = True
        self._cursor.skip()
        self._add(YamlTokenKind.ITEM)

    def _explicit_key(self) -> None:
        if not self._flow:
            if not self._key_allowed:
                raise self._cursor.error("a mapping key is not allowed here")
            self._open_block(self._cursor.column, YamlTokenKind.MAPPING)
        self._forget_key()
        self._key_allowed = not self._flow
        self._cursor.skip()
        self._add(YamlTokenKind.KEY)

    def _value(self) -> None:
        key = self._keys[-1]
        if key is not None and self._still_possible(key):
            place = key.number if key.number >= self._next else len(self._tokens)
            self._tokens.insert(place, YamlToken(YamlTokenKind.KEY, key.line))
            self._open_block(key.column, YamlTokenKind.MAPPING, place)
            self._keys[-1] = None
            self._key_allowed = False
        else:
            if not self._flow:
                if not self._key_allowed:
                    raise self._cursor.error("a mapping value is not allowed here")
                self._open_block(self._cursor.column, YamlTokenKind.MAPPING)
            self._key_allowed = not self._flow
        self._cursor.skip()
        self._add(YamlTokenKind.VALUE)

    # Directives and document markers.

    def _marker(self) -> None:
        self._close_blocks(-1)
        self._forget_key()
        self._key_allowed = False
        kind = (
            YamlTokenKind.DOCUMENT_START
            if self._cursor.peek() == "-"
            else YamlTokenKind.DOCUMENT_END
        )
        self._cursor.skip(3)
        self._add(kind)

    def _directive(self) -> None:
        cursor = self._cursor
        self._close_blocks(-1)
        self._forget_key()
        self._key_allowed = False
        cursor.skip()
        name = cursor.take_word()
        if name not in {"YAML", "TAG"} or not cursor.at_edge():
            raise cursor.error("an unknown directive")
        cursor.skip_blanks()
        if name == "YAML":
            self._add(YamlTokenKind.VERSION, scan_version(cursor))
        else:
            self._add(YamlTokenKind.TAG_PREFIX, *scan_tag_prefix(cursor))
        cursor.finish_line("a directive")

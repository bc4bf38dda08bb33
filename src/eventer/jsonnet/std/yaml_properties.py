"""What stands around the values of a YAML text: anchors, tags and directives."""

from __future__ import annotations

import re
from typing import Final

from eventer.jsonnet.std.yaml_cursor import Cursor

_AFTER_ANCHOR: Final = frozenset("?:,]}%@`")
_OCTET = re.compile("%([0-9a-fA-F]{2})")
_URI: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-;/?:@&=+$,.!~*'()[]"
)


def scan_version(cursor: Cursor) -> str:
    """The version that a %YAML directive states."""
    start = cursor.position
    while cursor.peek() and cursor.peek() in "0123456789.":
        cursor.skip()
    return cursor.text[start : cursor.position]


def scan_tag_prefix(cursor: Cursor) -> tuple[str, str]:
    """The handle and the prefix of a %TAG directive."""
    handle = _tag_handle(cursor)
    if not cursor.at_blank() or (handle != "!" and not handle.endswith("!")):
        raise cursor.error("a %TAG directive without a handle")
    cursor.skip_blanks()
    prefix = _uri(cursor)
    if not prefix or not cursor.at_edge():
        raise cursor.error("a %TAG directive without a prefix")
    return handle, prefix


def scan_anchor(cursor: Cursor) -> str:
    """The name after `&` or `*`, which the cursor stands at."""
    cursor.skip()
    name = cursor.take_word()
    if not name or not (cursor.at_edge() or cursor.peek() in _AFTER_ANCHOR):
        raise cursor.error("an anchor or alias without a name of letters and digits")
    return name


def scan_tag(cursor: Cursor) -> tuple[str, str]:
    """The handle and the suffix of a tag; the handle is empty where the tag is whole."""
    if cursor.peek(1) == "<":
        cursor.skip(2)
        handle, suffix = "", _uri(cursor)
        if not suffix or cursor.peek() != ">":
            raise cursor.error("a tag without its '>'")
        cursor.skip()
    else:
        handle = _tag_handle(cursor)
        suffix = _uri(cursor)
        if len(handle) > 1 and handle.endswith("!"):
            if not suffix:
                raise cursor.error("a tag without a name")
        else:
            suffix = handle[1:] + suffix
            handle, suffix = ("!", suffix) if suffix else ("", "!")
    if not cursor.at_edge():
        raise cursor.error("expected a space after a tag")
    return handle, suffix


def _tag_handle(cursor: Cursor) -> str:
    if cursor.peek() != "!":
        raise cursor.error("expected '!'")
    cursor.skip()
    handle = "!" + cursor.take_word()
    if cursor.peek() == "!":
        cursor.skip()
        handle += "!"
    return handle


def _uri(cursor: Cursor) -> str:
    octets = bytearray()
    while cursor.peek() and (cursor.peek() in _URI or cursor.peek() == "%"):
        if cursor.peek() != "%":
            octets += cursor.take().encode()
            continue
        match = _OCTET.match(cursor.text, cursor.position)
        if match is None:
            raise cursor.error("a tag with a wrong %-escape")
        octets.append(int(match[1], 16))
        cursor.skip(3)
    return octets.decode(errors="replace")

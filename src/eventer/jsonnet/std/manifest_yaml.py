"""Values as YAML: one document, or a stream of them."""

from __future__ import annotations

import math
import re
from typing import Final

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import Call, function, optional, strict
from eventer.jsonnet.std.escapes import json_escaped
from eventer.jsonnet.std.manifest_json import TextBuilder
from eventer.jsonnet.std.number_text import shortest_text
from eventer.jsonnet.values import Array, Operand, Value

_INDENT: Final = "  "
_BARE = re.compile(r"[A-Za-z0-9_/.-]+")
_RESERVED: Final = frozenset(
    "true false yes no on off y n .nan -.inf +.inf .inf null - ---".split()
)
_DATE = re.compile("(?:[0-9]*-){2}[0-9]*")
_BINARY = re.compile("[-+]?0b[01_]+")
_HEXADECIMAL = re.compile("[-+]?0x[0-9a-fA-F_]+")
_DIGITS: Final = "[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(rf"[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?")
_WORDS: Final = frozenset({"inf", "infinity", "nan", "-inf", "-infinity"})


class _Writer:
    """Writes a value as a YAML document."""

    def __init__(self, call: Call, *, indent_arrays: bool, quote_keys: bool) -> None:
        self._call = call
        self._page = TextBuilder(call)
        self._indent_arrays = indent_arrays
        self._quote_keys = quote_keys

    def text(self, value: Value) -> str:
        self._write(value, "", 0)
        return self._page.text()

    def _write(self, value: Value, indent: str, depth: int) -> None:
        if isinstance(value, Array) and value.items:
            self._array(value, indent, self._page.enter_level(depth))
        elif isinstance(value, Object) and value.names():
            self._object(value, indent, self._page.enter_level(depth))
        elif isinstance(value, str):
            self._string(value, indent)
        else:
            self._page.write(_scalar(value))

    def _string(self, value: str, indent: str) -> None:
        """A text that ends with a line break is a block, other strings are quoted."""
        if not value.endswith("\n"):
            self._page.quote(value, json_escaped)
            return
        self._page.write("|")
        start = f"\n{indent}{_INDENT}"
        self._page.write(start)
        for piece in self._call.meter.charged_pieces(value[:-1]):
            self._page.write(piece.replace("\n", start))

    def _array(self, value: Array, indent: str, depth: int) -> None:
        before = ""
        for operand in value.items:
            item = self._call.force(operand)
            self._page.write(before + "-")
            before = "\n" + indent
            nested = isinstance(item, Array | Object)
            if isinstance(item, Array) and item.items:
                self._page.write(f"\n{indent}{_INDENT}")
            else:
                self._page.write(" ")
            self._write(item, indent + _INDENT if nested else indent, depth)

    def _object(self, value: Object, indent: str, depth: int) -> None:
        before = ""
        for name in value.names():
            field = self._call.field(value, name)
            self._page.write(before)
            before = "\n" + indent
            self._key(name)
            self._page.write(":")
            inner = indent
            if isinstance(field, Object) or (isinstance(field, Array) and self._indent_arrays):
                inner = indent + _INDENT
            block = not _is_flat(field)
            self._page.write(f"\n{inner}" if block else " ")
            self._write(field, inner if block else indent, depth)

    def _key(self, name: str) -> None:
        self._call.meter.charge_reading(len(name))
        if self._quote_keys or not _is_bare(name):
            self._page.quote(name, json_escaped)
        else:
            self._page.write(name)


def _is_flat(value: Value) -> bool:
    """Whether a value is on the line of its key."""
    if isinstance(value, Array):
        return not value.items
    return not (isinstance(value, Object) and value.names())


def _scalar(value: Value) -> str:
    """Null, a boolean, a number or an empty collection; an empty text for a function."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest_text(value)
    if isinstance(value, Array):
        return "[]"
    return "{}" if isinstance(value, Object) else ""


def _is_bare(name: str) -> bool:
    """Whether a key needs no quotes: every YAML reader takes it for a string."""
    if not _BARE.fullmatch(name) or name.lower() in _RESERVED:
        return False
    if _DATE.fullmatch(name) or _BINARY.fullmatch(name) or _HEXADECIMAL.search(name):
        return False
    return not _is_number(name)


def _is_number(name: str) -> bool:
    if name.lower() in _WORDS:
        return True
    return bool(_NUMBER.fullmatch(name)) and math.isfinite(float(name))


def _document(call: Call, value: Value, indent_arrays: Value, quote_keys: Value) -> str:
    writer = _Writer(
        call,
        indent_arrays=call.boolean(indent_arrays, "indent_array_in_object"),
        quote_keys=call.boolean(quote_keys, "quote_keys"),
    )
    return writer.text(value)


@function(
    "manifestYamlDoc",
    strict("value"),
    optional("indent_array_in_object", False),
    optional("quote_keys", True),
)
def manifest_yaml_doc(call: Call, value: Value, indent_arrays: Value, quote_keys: Value) -> Value:
    """One YAML document."""
    return _document(call, value, indent_arrays, quote_keys)


@function(
    "manifestYamlStream",
    strict("value"),
    optional("indent_array_in_object", False, lazy=True),
    optional("c_document_end", True),
    optional("quote_keys", True, lazy=True),
)
def manifest_yaml_stream(
    call: Call, value: Value, indent_arrays: Operand, end: Value, quote_keys: Operand
) -> Value:
    """An array as YAML documents, each after a `---` line."""
    documents = [
        _document(call, call.force(item), call.force(indent_arrays), call.force(quote_keys))
        for item in call.array(value, "value").items
    ]
    ending = "\n...\n" if call.boolean(end, "c_document_end") else "\n"
    call.meter.charge_bytes(sum(map(len, documents)))
    return "---\n" + "\n---\n".join(documents) + ending

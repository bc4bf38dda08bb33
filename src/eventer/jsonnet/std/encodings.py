"""Bytes and text: UTF-8, Base64, digests."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable
from typing import Final

from eventer.jsonnet.std.arguments import size
from eventer.jsonnet.std.byte_codecs import decode_base64, utf8_decoder
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.values import Array, Value, array_of, type_name

_PIECE: Final = 16_384
"""Bytes decoded between two charges."""

_WIDE = re.compile("[^\x00-\xff]")


def _octets(call: Call, array: Array) -> bytes:
    """The bytes of an array of whole numbers up to 255."""
    call.meter.charge_bytes(len(array))
    octets = bytearray()
    for item in array.items:
        call.meter.charge_steps(1)
        octet = size(call, call.force(item), "an element")
        if not 0 <= octet <= 255:
            raise call.error(f"a byte must be 0 to 255, not {octet}")
        octets.append(octet)
    return bytes(octets)


def _numbers(call: Call, octets: bytes) -> Array:
    call.meter.charge_elements(len(octets))
    return array_of(map(float, octets))


@function("encodeUTF8", strict("str"))
def encode_utf8(call: Call, text: Value) -> Value:
    """The bytes of a string."""
    string = call.string(text, "str")
    call.meter.charge_reading(len(string))
    return _numbers(call, string.encode())


@function("decodeUTF8", strict("arr"))
def decode_utf8(call: Call, octets: Value) -> Value:
    """The string of UTF-8; each invalid byte becomes U+FFFD."""
    return _decoded(call, _octets(call, call.array(octets, "arr")))


def _decoded(call: Call, octets: bytes) -> str:
    """The text of bytes, charged in pieces: many invalid bytes are slow."""
    decoder = utf8_decoder()
    parts: list[str] = []
    for start in range(0, len(octets), _PIECE):
        call.meter.charge_reading(_PIECE)
        parts.append(decoder.decode(octets[start : start + _PIECE]))
    parts.append(decoder.decode(b"", final=True))
    return "".join(parts)


@function("base64", strict("input"))
def base64_encode(call: Call, value: Value) -> Value:
    """Base64 of bytes, or of the UTF-8 of a string without code points above 255."""
    if isinstance(value, str):
        call.meter.charge_bytes(len(value))
        call.meter.charge_reading(len(value))
        if _WIDE.search(value):
            raise call.error("needs a string of code points up to 255 or an array of bytes")
        octets = value.encode()
    elif isinstance(value, Array):
        octets = _octets(call, value)
    else:
        raise call.error(f"input must be a string or an array of bytes, got {type_name(value)}")
    call.meter.charge_bytes(len(octets) * 4 / 3)
    return binascii.b2a_base64(octets, newline=False).decode()


@function("base64DecodeBytes", strict("str"))
def base64_decode_bytes(call: Call, text: Value) -> Value:
    """The bytes of a Base64 text."""
    return _numbers(call, _base64_octets(call, text))


@function("base64Decode", strict("str"))
def base64_decode(call: Call, text: Value) -> Value:
    """The string of a Base64 text."""
    return _decoded(call, _base64_octets(call, text))


def _base64_octets(call: Call, text: Value) -> bytes:
    string = call.string(text, "str")
    call.meter.charge_bytes(len(string))
    call.meter.charge_reading(len(string))
    try:
        if len(string.encode()) % 4 == 0:
            return decode_base64(string)
    except ValueError:
        pass
    raise call.error("str is not Base64: letters, digits, + and / in fours, padded with =")


def _digest(name: str, algorithm: Callable[[bytes], hashlib._Hash]) -> None:
    """Declares a digest of a string's UTF-8, in hexadecimal."""

    def implementation(call: Call, text: Value) -> Value:
        string = call.string(text, "s")
        call.meter.charge_reading(len(string))
        octets = string.encode()
        call.meter.charge_reading(len(octets))
        return algorithm(octets).hexdigest()

    function(name, strict("s"))(implementation)


_digest("md5", lambda octets: hashlib.md5(octets, usedforsecurity=False))
_digest("sha1", lambda octets: hashlib.sha1(octets, usedforsecurity=False))
_digest("sha256", hashlib.sha256)
_digest("sha512", hashlib.sha512)
_digest("sha3", hashlib.sha3_512)

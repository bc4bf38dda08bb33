"""Bytes as Go's library reads them: UTF-8 with every wrong byte replaced, strict Base64."""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

_ALPHABET = re.compile("[A-Za-z0-9+/]*={0,2}")
_BYTEWISE: Final = "eventer.bytewise"


def _each_byte(error: UnicodeError) -> tuple[str, int]:
    """Replaces every byte that is no UTF-8, where Python would replace some of them together."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error(_BYTEWISE, _each_byte)


def decode_utf8(octets: bytes) -> str:
    """Text of bytes; each that is no UTF-8 becomes U+FFFD."""
    return octets.decode("utf-8", _BYTEWISE)


def utf8_decoder() -> codecs.IncrementalDecoder:
    """The same, piece by piece."""
    return codecs.getincrementaldecoder("utf-8")(_BYTEWISE)


def decode_base64(text: str) -> bytes:
    """The bytes of Base64 with its padding; line breaks may stand anywhere.

    Raises:
        ValueError: it is none.
    """
    packed = text.replace("\r", "").replace("\n", "")
    if len(packed) % 4 or not _ALPHABET.fullmatch(packed):
        raise ValueError("not valid Base64")
    return binascii.a2b_base64(packed)

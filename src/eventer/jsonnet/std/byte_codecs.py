"""Decoding as in Go: UTF-8 with every invalid byte replaced, strict Base64."""

from __future__ import annotations

import binascii
import codecs
import re
from typing import Final

_ALPHABET = re.compile("[A-Za-z0-9+/]*={0,2}")
_BYTEWISE: Final = "eventer.bytewise"


def _each_byte(error: UnicodeError) -> tuple[str, int]:
    """Replaces every invalid byte; Python would replace some of them together."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error(_BYTEWISE, _each_byte)


def decode_utf8(octets: bytes) -> str:
    """The text of UTF-8; each invalid byte becomes U+FFFD."""
    return octets.decode("utf-8", _BYTEWISE)


def utf8_decoder() -> codecs.IncrementalDecoder:
    """An incremental `decode_utf8`."""
    return codecs.getincrementaldecoder("utf-8")(_BYTEWISE)


def decode_base64(text: str) -> bytes:
    """The bytes of padded Base64; line breaks may be anywhere.

    Raises:
        ValueError: the text is not Base64.
    """
    packed = text.replace("\r", "").replace("\n", "")
    if len(packed) % 4 or not _ALPHABET.fullmatch(packed):
        raise ValueError("not valid Base64")
    return binascii.a2b_base64(packed)

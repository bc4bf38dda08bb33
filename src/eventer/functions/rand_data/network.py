"""IPv4, IPv6 and MAC addresses."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.functions.formatted_parts import HexPart
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import Bytes, MaskedBytes, StringDictionary, hexadecimal
from eventer.functions.text_numbers import ByteNumber
from eventer.functions.text_parts import CustomPart, DictionaryPart
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

OCTETS: Final = StringDictionary([str(octet) for octet in range(256)])
"""Bytes in decimal."""
_MULTICAST: Final = 0x01
_GROUPS: Final = 8


@text_field
def _ipv4() -> TextDefinition:
    a, b, c, d = (DictionaryPart(OCTETS, ByteNumber(i)) for i in range(4))
    return [word("ipv4")], (a, b".", b, b".", c, b".", d)


IPV6_PART: Final = CustomPart(
    39,
    lambda drawn: ipv6_text(draw.bytes_of(drawn)),
    lambda program: program.add(TextOp.IPV6),
)
"""The first sixteen bytes as an IPv6 address."""


@text_field
def _ipv6() -> TextDefinition:
    return words("ipv6", 2), (IPV6_PART,)


def ipv6_text(octets: Bytes) -> MaskedBytes:
    """Sixteen bytes per row as in RFC 5952: no leading zeros, the longest run of zeros as `::`."""
    digits = hexadecimal(octets).reshape(-1, _GROUPS, 4)
    text_field = np.full((len(octets), _GROUPS, 5), ord(":"), dtype=np.uint8)
    text_field[:, :, :4] = digits
    kept = np.ones(text_field.shape, dtype=np.bool_)
    kept[:, :, :3] = np.logical_or.accumulate(digits != ord("0"), axis=2)[:, :, :3]
    made = MaskedBytes(text_field.reshape(-1, 40)[:, :39], kept.reshape(-1, 40)[:, :39])
    zero = (octets[:, 0::2] | octets[:, 1::2]) == 0
    for row in np.flatnonzero(np.any(zero[:, 1:] & zero[:, :-1], axis=1)):
        text = _compressed(octets[row].tobytes()).encode()
        made.matrix[row, : len(text)] = np.frombuffer(text, dtype=np.uint8)
        made.kept[row] = np.arange(39) < len(text)
    return made


def _compressed(address: bytes) -> str:
    """One address with a run of zero groups, which are rare (one in 600 million)."""
    groups = [f"{address[i] << 8 | address[i + 1]:x}" for i in range(0, 16, 2)]
    length, start = _longest_zeros(groups)
    if length < 2:
        return ":".join(groups)
    return ":".join(groups[:start]) + "::" + ":".join(groups[start + length :])


def _longest_zeros(groups: list[str]) -> tuple[int, int]:
    """The length and the start of the first longest run of zero groups."""
    best, run = (0, 0), 0
    for i, group in enumerate(groups):
        run = run + 1 if group == "0" else 0
        if run > best[0]:
            best = run, i - run + 1
    return best


@text_field
def _mac_address() -> TextDefinition:
    drawn = RandomWord((draw.step_of("mac_address"),), and_mask=draw.MASK ^ _MULTICAST)
    a, b, c, d, e, f = (HexPart(i, i + 1) for i in range(6))
    return [drawn], (a, b":", b, b":", c, b":", d, b":", e, b":", f)


FIELDS: Final = (
    FieldSpec("ipv4", ReturnType.TEXT, "Four bytes, each 0 to 255.", _ipv4),
    FieldSpec("ipv6", ReturnType.TEXT, "Sixteen bytes, spelt as RFC 5952 has it.", _ipv6),
    FieldSpec(
        "mac_address",
        ReturnType.TEXT,
        "Six bytes in lower case with colons; never a multicast address.",
        _mac_address,
    ),
)

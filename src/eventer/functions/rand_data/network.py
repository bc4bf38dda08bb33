"""Addresses of machines: IPv4, IPv6, MAC."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.functions.pieces import Entry, Hexadecimal, Octet, Special
from eventer.functions.programs import Word
from eventer.functions.random_texts import Definition, spelt, word, words
from eventer.functions.spec import FieldSpec, Kind
from eventer.functions.spelling import Bytes, Entries, Ragged, hexadecimal
from eventer.kernels import draw
from eventer.kernels.spell import Op

_OCTETS: Final = Entries([str(octet) for octet in range(256)])
_MULTICAST: Final = 0x01
_GROUPS: Final = 8


@spelt
def _ipv4() -> Definition:
    a, b, c, d = (Entry(_OCTETS, Octet(i)) for i in range(4))
    return [word("ipv4")], (a, b".", b, b".", c, b".", d)


@spelt
def _ipv6() -> Definition:
    address = Special(
        39,
        lambda drawn: spell_ipv6(draw.octets(drawn)),
        lambda program: program.add(Op.IPV6),
    )
    return words("ipv6", 2), (address,)


def spell_ipv6(octets: Bytes) -> Ragged:
    """Sixteen bytes a row as RFC 5952 has it: no leading zeros, the longest run of zeros cut."""
    digits = hexadecimal(octets).reshape(-1, _GROUPS, 4)
    spelt = np.full((len(octets), _GROUPS, 5), ord(":"), dtype=np.uint8)
    spelt[:, :, :4] = digits
    kept = np.ones(spelt.shape, dtype=np.bool_)
    kept[:, :, :3] = np.logical_or.accumulate(digits != ord("0"), axis=2)[:, :, :3]
    made = Ragged(spelt.reshape(-1, 40)[:, :39], kept.reshape(-1, 40)[:, :39])
    zero = (octets[:, 0::2] | octets[:, 1::2]) == 0
    for row in np.flatnonzero(np.any(zero[:, 1:] & zero[:, :-1], axis=1)):
        text = _compressed(octets[row].tobytes()).encode()
        made.matrix[row, : len(text)] = np.frombuffer(text, dtype=np.uint8)
        made.kept[row] = np.arange(39) < len(text)
    return made


def _compressed(address: bytes) -> str:
    """One address; two groups of zeros in a row come once in 600 million."""
    groups = [f"{address[i] << 8 | address[i + 1]:x}" for i in range(0, 16, 2)]
    length, start = _longest_zeros(groups)
    if length < 2:
        return ":".join(groups)
    return ":".join(groups[:start]) + "::" + ":".join(groups[start + length :])


def _longest_zeros(groups: list[str]) -> tuple[int, int]:
    """Length and start of the first among the longest runs of zero groups."""
    best, run = (0, 0), 0
    for i, group in enumerate(groups):
        run = run + 1 if group == "0" else 0
        if run > best[0]:
            best = run, i - run + 1
    return best


@spelt
def _mac_address() -> Definition:
    drawn = Word((draw.step_of("mac_address"),), keep=draw.MASK ^ _MULTICAST)
    a, b, c, d, e, f = (Hexadecimal(i, i + 1) for i in range(6))
    return [drawn], (a, b":", b, b":", c, b":", d, b":", e, b":", f)


FIELDS: Final = (
    FieldSpec("ipv4", Kind.TEXT, "Four bytes, each 0 to 255.", _ipv4),
    FieldSpec("ipv6", Kind.TEXT, "Sixteen bytes, spelt as RFC 5952 has it.", _ipv6),
    FieldSpec(
        "mac_address",
        Kind.TEXT,
        "Six bytes in lower case with colons; never a multicast address.",
        _mac_address,
    ),
)

"""Public addresses of networks, and passwords with signs."""

from __future__ import annotations

from typing import Final

from eventer.functions.program_builder import RandomWord
from eventer.functions.rand_data.network import IPV6_PART, OCTETS
from eventer.functions.random_texts import TextDefinition, text_field, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import DIGITS, LETTERS, Alphabet, StringDictionary
from eventer.functions.text_numbers import BoundedNumber, ByteNumber
from eventer.functions.text_parts import DictionaryPart, LettersPart, ShortenedPart
from eventer.kernels import draw

# First bytes of networks that are, in whole or in part, private or reserved.
_RESERVED: Final = frozenset({0, 10, 100, 127, 169, 172, 192, 198, 203})
_FIRST_OCTETS: Final = StringDictionary(
    [str(octet) for octet in range(1, 224) if octet not in _RESERVED]
)
_IPV6: Final = draw.step_of("ipv6")
_IPV6_WORDS: Final = (
    # The first byte is from 0x20 to 0x3F: global unicast.
    RandomWord((_IPV6, 0), and_mask=draw.MASK ^ 0xE0, or_mask=0x20),
    RandomWord((_IPV6, 1)),
)
_CHARACTERS: Final = Alphabet(LETTERS + DIGITS + b"!#$%&*+-=?@_")
_SHORTEST: Final = 12
_LONGEST: Final = 16


@text_field
def _ipv4() -> TextDefinition:
    first = DictionaryPart(_FIRST_OCTETS, BoundedNumber(1, (len(_FIRST_OCTETS),)))
    b, c, d = (DictionaryPart(OCTETS, ByteNumber(i)) for i in range(1, 4))
    return words("ipv4", 2), (first, b".", b, b".", c, b".", d)


@text_field
def _ipv6() -> TextDefinition:
    return _IPV6_WORDS, (IPV6_PART,)


@text_field
def _password() -> TextDefinition:
    longest = LettersPart(_CHARACTERS, 4, 4 + _LONGEST)
    password = ShortenedPart(longest, BoundedNumber(0, (_LONGEST - _SHORTEST + 1,)))
    return words("password", 1 + _LONGEST // 4), (password,)


FIELDS: Final = (
    FieldSpec("ipv4", ReturnType.TEXT, "A public address.", _ipv4),
    FieldSpec("ipv6", ReturnType.TEXT, "A global unicast address, spelt as in RFC 5952.", _ipv6),
    FieldSpec(
        "password",
        ReturnType.TEXT,
        f"From {_SHORTEST} to {_LONGEST} letters, digits and signs.",
        _password,
    ),
)

"""UUIDs of version 4: both keys of one `get_rand_data()` write the same UUID."""

from __future__ import annotations

from typing import Final

from eventer.functions.formatted_parts import HexPart
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import TextDefinition, text_field
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.kernels import draw

# The bytes of the words are little-endian. Byte 6 has the version and byte 8 the variant, as in
# RFC 9562.
_NAMED: Final = draw.step_of("uuid")
_WORDS: Final = (
    RandomWord((_NAMED, 0), and_mask=draw.MASK ^ 0xF0 << 48, or_mask=0x40 << 48),
    RandomWord((_NAMED, 1), and_mask=draw.MASK ^ 0xC0, or_mask=0x80),
)


@text_field
def _uuid_hyphenated() -> TextDefinition:
    a, b, c, d, e = (
        HexPart(first, stop) for first, stop in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 16))
    )
    return _WORDS, (a, b"-", b, b"-", c, b"-", d, b"-", e)


@text_field
def _uuid_digit() -> TextDefinition:
    return _WORDS, (HexPart(0, 16),)


FIELDS: Final = (
    FieldSpec("uuid_hyphenated", ReturnType.UUID, "A random UUID (version 4).", _uuid_hyphenated),
    FieldSpec("uuid_digit", ReturnType.TEXT, "`uuid_hyphenated` without its hyphens.", _uuid_digit),
)

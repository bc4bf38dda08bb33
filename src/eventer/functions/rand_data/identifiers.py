"""UUIDs of version 4: the two spellings of one `get_rand_data()` are of the same UUID."""

from __future__ import annotations

from typing import Final

from eventer.functions.pieces import Hexadecimal
from eventer.functions.programs import Word
from eventer.functions.random_texts import Definition, spelt
from eventer.functions.spec import FieldSpec, Kind
from eventer.kernels import draw

# The bytes of the words come lowest first. Byte 6 has the version and byte 8 the variant, as
# RFC 9562 places them.
_NAMED: Final = draw.step_of("uuid")
_WORDS: Final = (
    Word((_NAMED, 0), keep=draw.MASK ^ 0xF0 << 48, put=0x40 << 48),
    Word((_NAMED, 1), keep=draw.MASK ^ 0xC0, put=0x80),
)


@spelt
def _uuid_hyphenated() -> Definition:
    a, b, c, d, e = (
        Hexadecimal(first, stop) for first, stop in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 16))
    )
    return _WORDS, (a, b"-", b, b"-", c, b"-", d, b"-", e)


@spelt
def _uuid_digit() -> Definition:
    return _WORDS, (Hexadecimal(0, 16),)


FIELDS: Final = (
    FieldSpec("uuid_hyphenated", Kind.TEXT, "A random UUID (version 4).", _uuid_hyphenated),
    FieldSpec("uuid_digit", Kind.TEXT, "`uuid_hyphenated` without its hyphens.", _uuid_digit),
)

"""JSON web tokens: a header, claims and a signature, as base64url."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Final

from eventer.functions.formatted_parts import Base64Part, PaddedNumberPart, RawBytesPart
from eventer.functions.program_builder import RandomWord
from eventer.functions.rand_data.dates_and_times import END
from eventer.functions.random_texts import TextDefinition, text_field, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import DIGITS, Alphabet
from eventer.functions.text_numbers import BoundedNumber
from eventer.functions.text_parts import LettersPart
from eventer.kernels import draw

_DIGITS: Final = Alphabet(DIGITS)
_HEADER: Final = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}')
_ISSUED_FROM: Final = 1_000_000_000
_SUBJECT: Final = 10
_SUBJECT_WORDS: Final = 3
_SIGNATURE_WORDS: Final = 4


@text_field
def _jwt() -> TextDefinition:
    """`{"sub":"…","iat":…}` with ten digits each, so all rows have the same length."""
    issued_word = RandomWord((draw.step_of("jwt"), 1))
    drawn = [
        *words("jwt", _SUBJECT_WORDS, 0),
        issued_word,
        *words("jwt", _SIGNATURE_WORDS, 2),
    ]
    subject = LettersPart(_DIGITS, 0, _SUBJECT)
    issued = PaddedNumberPart(
        BoundedNumber(_SUBJECT_WORDS, (END - _ISSUED_FROM,), (_ISSUED_FROM,)), 10
    )
    claims = Base64Part((b'{"sub":"', subject, b'","iat":', issued, b"}"))
    signature_at = 8 * (_SUBJECT_WORDS + 1)
    signature = Base64Part((RawBytesPart(signature_at, signature_at + 8 * _SIGNATURE_WORDS),))
    return drawn, (_HEADER, b".", claims, b".", signature)


FIELDS: Final = (
    FieldSpec(
        "jwt",
        ReturnType.TEXT,
        "A JSON web token: the header of HS256, claims `sub` (ten digits) and `iat`, and a "
        "signature of 256 random bits, which no key verifies.",
        _jwt,
    ),
)

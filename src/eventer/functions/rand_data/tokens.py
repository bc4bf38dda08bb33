"""JSON web tokens: a header, claims and a signature, as base64url."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Final

from eventer.functions.pieces import Base64, Below, Letters, Octets, Padded
from eventer.functions.programs import Word
from eventer.functions.rand_data.instants import END
from eventer.functions.random_texts import Definition, spelt, words
from eventer.functions.spec import FieldSpec, Kind
from eventer.functions.spelling import DIGITS, Alphabet
from eventer.kernels import draw

_DIGITS: Final = Alphabet(DIGITS)
_HEADER: Final = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}')
_ISSUED_FROM: Final = 1_000_000_000
_SUBJECT: Final = 10
_SUBJECT_WORDS: Final = 3
_SIGNATURE_WORDS: Final = 4


@spelt
def _jwt() -> Definition:
    """`{"sub":"…","iat":…}` has ten digits each, so that every row is as long."""
    issued_word = Word((draw.step_of("jwt"), 1))
    drawn = [
        *words("jwt", _SUBJECT_WORDS, 0),
        issued_word,
        *words("jwt", _SIGNATURE_WORDS, 2),
    ]
    subject = Letters(_DIGITS, 0, _SUBJECT)
    issued = Padded(Below(_SUBJECT_WORDS, (END - _ISSUED_FROM,), (_ISSUED_FROM,)), 10)
    claims = Base64((b'{"sub":"', subject, b'","iat":', issued, b"}"))
    signature_at = 8 * (_SUBJECT_WORDS + 1)
    signature = Base64((Octets(signature_at, signature_at + 8 * _SIGNATURE_WORDS),))
    return drawn, (_HEADER, b".", claims, b".", signature)


FIELDS: Final = (
    FieldSpec(
        "jwt",
        Kind.TEXT,
        "A JSON web token: the header of HS256, claims `sub` (ten digits) and `iat`, and a "
        "signature of 256 random bits, which no key verifies.",
        _jwt,
    ),
)

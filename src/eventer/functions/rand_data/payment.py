"""Money: cards, amounts, and the small fields of an order."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions import frozen
from eventer.functions.columns import Column, Floats, Pick
from eventer.functions.pieces import Below, Entry, Hundredths
from eventer.functions.rand_data.keys import codes, named
from eventer.functions.random_texts import Definition, spelt, word, words
from eventer.functions.spec import FieldSpec, Kind
from eventer.kernels import draw

_MAGNITUDES: Final = 8
_AMOUNTS: Final = np.array([10 ** (k + 2) - 1 for k in range(_MAGNITUDES)], dtype=np.uint64)
_METHODS: Final = ("cc", "paypal", "check", "money order")
_IDS: Final = (15.0, 27.0, 61.0)
_PRICES: Final = (4.95, 9.99, 31997.97)
_NUMBERS: Final = (1.0, 2.0)


def _currency_codes(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return codes(key, "currency", index, len(frozen.lines("currencies")))


def _cents(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    """Every magnitude, from below 1 to below 10^7, is as likely as every other; none is zero."""
    own = named(key, "amount")
    magnitudes = draw.integer_column(draw.child_key(own, 0), index, 0, _MAGNITUDES - 1)
    return draw.sized_column(draw.child_key(own, 1), index, _AMOUNTS[magnitudes]) + 1


def _currency(key: draw.Key, index: draw.Index) -> Column:
    return Pick(_currency_codes(key, index), frozen.lines("currencies"))


def _amount(key: draw.Key, index: draw.Index) -> Column:
    return Floats(_cents(key, index) / 100)


@spelt
def _amount_with_currency() -> Definition:
    currencies = frozen.joined("currencies")
    magnitude = Below(1, (_MAGNITUDES,))
    cents = Below(2, tuple(_AMOUNTS.tolist()), (1,) * _MAGNITUDES, by=magnitude)
    currency = Entry(currencies, Below(0, (len(currencies),)))
    return [word("currency"), *words("amount", 2)], (currency, b" ", Hundredths(cents), b"0000")


def _payment_method(key: draw.Key, index: draw.Index) -> Column:
    return Pick(codes(key, "opayment_method", index, len(_METHODS)), _METHODS)


def _id(key: draw.Key, index: draw.Index) -> Column:
    return Pick(codes(key, "id", index, len(_IDS)), _IDS)


def _price(key: draw.Key, index: draw.Index) -> Column:
    return Pick(codes(key, "price", index, len(_PRICES)), _PRICES)


def _number(key: draw.Key, index: draw.Index) -> Column:
    return Pick(codes(key, "number", index, len(_NUMBERS)), _NUMBERS)


FIELDS: Final = (
    FieldSpec("currency", Kind.TEXT, "An ISO 4217 code.", _currency),
    FieldSpec(
        "amount",
        Kind.NUMBER,
        "From 0.01 to 9999999.99, of at most two decimals; every number of digits is as likely.",
        _amount,
    ),
    FieldSpec(
        "amount_with_currency",
        Kind.TEXT,
        "`currency`, a space and `amount` with six decimals.",
        _amount_with_currency,
    ),
    FieldSpec(
        "opayment_method",
        Kind.TEXT,
        "`cc`, `paypal`, `check` or `money order`. `payment_method` reads the same value; it is "
        "not among the keys.",
        _payment_method,
    ),
    FieldSpec("id", Kind.INTEGER, "15, 27 or 61.", _id),
    FieldSpec("price", Kind.NUMBER, "4.95, 9.99 or 31997.97.", _price),
    FieldSpec("number", Kind.INTEGER, "1 or 2.", _number),
    FieldSpec(
        "payment_method", Kind.TEXT, "The same as `opayment_method`.", _payment_method, hidden=True
    ),
)

"""Amounts, currencies, and the small fields of an order."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn, FloatColumn
from eventer.functions.formatted_parts import HundredthsPart
from eventer.functions.rand_data.field_keys import codes, named_key
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.text_numbers import BoundedNumber
from eventer.functions.text_parts import DictionaryPart
from eventer.kernels import draw

_MAGNITUDES: Final = 8
_AMOUNTS: Final = np.array([10 ** (k + 2) - 1 for k in range(_MAGNITUDES)], dtype=np.uint64)
_METHODS: Final = ("cc", "paypal", "check", "money order")
_IDS: Final = (15.0, 27.0, 61.0)
_PRICES: Final = (4.95, 9.99, 31997.97)
_NUMBERS: Final = (1.0, 2.0)


def _currency_codes(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return codes(key, "currency", index, len(data_files.lines("currencies")))


def _cents(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    """Amounts in cents, never zero; all magnitudes, from below 1 to below 10^7, are as likely."""
    own = named_key(key, "amount")
    magnitudes = draw.integer_column(draw.child_key(own, 0), index, 0, _MAGNITUDES - 1)
    return draw.sized_column(draw.child_key(own, 1), index, _AMOUNTS[magnitudes]) + 1


def _currency(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(_currency_codes(key, index), data_files.lines("currencies"))


def _amount(key: draw.Key, index: draw.Index) -> Column:
    return FloatColumn(_cents(key, index) / 100)


@text_field
def _amount_with_currency() -> TextDefinition:
    currencies = data_files.joined("currencies")
    magnitude = BoundedNumber(1, (_MAGNITUDES,))
    cents = BoundedNumber(2, tuple(_AMOUNTS.tolist()), (1,) * _MAGNITUDES, by=magnitude)
    currency = DictionaryPart(currencies, BoundedNumber(0, (len(currencies),)))
    return [word("currency"), *words("amount", 2)], (currency, b" ", HundredthsPart(cents), b"0000")


def _payment_method(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "opayment_method", index, len(_METHODS)), _METHODS)


def _id(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "id", index, len(_IDS)), _IDS)


def _price(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "price", index, len(_PRICES)), _PRICES)


def _number(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "number", index, len(_NUMBERS)), _NUMBERS)


FIELDS: Final = (
    FieldSpec("currency", ReturnType.TEXT, "An ISO 4217 code.", _currency),
    FieldSpec(
        "amount",
        ReturnType.NUMBER,
        "From 0.01 to 9999999.99, of at most two decimals; all magnitudes are equally likely.",
        _amount,
    ),
    FieldSpec(
        "amount_with_currency",
        ReturnType.TEXT,
        "`currency`, a space and `amount` with six decimals.",
        _amount_with_currency,
    ),
    FieldSpec(
        "opayment_method",
        ReturnType.TEXT,
        "`cc`, `paypal`, `check` or `money order`. `payment_method` reads the same value; it is "
        "not among the keys.",
        _payment_method,
    ),
    FieldSpec("id", ReturnType.INTEGER, "15, 27 or 61.", _id),
    FieldSpec("price", ReturnType.NUMBER, "4.95, 9.99 or 31997.97.", _price),
    FieldSpec("number", ReturnType.INTEGER, "1 or 2.", _number),
    FieldSpec(
        "payment_method",
        ReturnType.TEXT,
        "The same as `opayment_method`.",
        _payment_method,
        hidden=True,
    ),
)

"""The keys of `get_rand_data('realistic')` that differ from those without an argument."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from eventer.functions import data_files
from eventer.functions.addresses import address_fields
from eventer.functions.cities import COUNTRIES
from eventer.functions.columns import Column, DictionaryColumn, FloatColumn, IntegerColumn
from eventer.functions.companies import domain_text
from eventer.functions.english_text import sentence_part, sentences_part
from eventer.functions.formatted_parts import HundredthsPart
from eventer.functions.people import NameParts, name_words, person_fields
from eventer.functions.phones import north_american
from eventer.functions.rand_data import dates_and_times, realistic_network
from eventer.functions.rand_data.cards import CardTypes
from eventer.functions.rand_data.field_keys import codes, integers, named_key
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, TableNumber
from eventer.functions.text_parts import DictionaryPart, FormPart
from eventer.kernels import draw

_LOCALE: Final = "en"
_PERSON: Final = person_fields(_LOCALE)
_ADDRESS: Final = address_fields(_LOCALE, COUNTRIES[_LOCALE])
_NAMES: Final = NameParts(_LOCALE)

# The types of cards with their share of a hundred. Half of the MasterCards begin with 51 to 55.
_CARDS: Final = CardTypes(
    (
        ("VISA", 16, ("4",)),
        ("MasterCard", 16, (*map(str, range(51, 56)), "23", "24", "25", "26", "271")),
        ("American Express", 15, ("34", "37")),
        ("Discover", 16, ("6011", "65", *map(str, range(644, 650)))),
        ("JCB", 16, tuple(map(str, range(3528, 3590)))),
        ("Diners Club", 14, ("36", "38")),
    ),
    (52, 31, 10, 4, 2, 1),
)

# The titles of ten women and of ten men.
_TITLES: Final = StringDictionary([*["Ms."] * 5, *["Mrs."] * 4, "Dr.", *["Mr."] * 9, "Dr."])
_TITLES_OF_GENDER: Final = 10

# Currencies with two decimals, by their share of a hundred.
_CURRENCIES: Final = {
    "USD": 44, "EUR": 22, "GBP": 9, "CAD": 5, "AUD": 5, "CHF": 3, "CNY": 3, "INR": 3, "BRL": 2,
    "MXN": 2, "SEK": 1, "PLN": 1,
}  # fmt: skip
_CURRENCY_NAMES: Final = tuple(_CURRENCIES)
_CURRENCY_TABLE: Final = tuple(
    number for number, share in enumerate(_CURRENCIES.values()) for _ in range(share)
)
# Amounts in cents by magnitude: from 1.00, 10.00, 100.00 and 1000.00 on.
_AMOUNT_STARTS: Final = (100, 1_000, 10_000, 100_000)
_AMOUNT_SIZES: Final = tuple(9 * start for start in _AMOUNT_STARTS)
_METHODS: Final = (
    "credit card", "debit card", "PayPal", "Apple Pay", "Google Pay", "bank transfer",
)  # fmt: skip
_TOLL_FREE: Final = StringDictionary(
    [f"({area}) {first}%#-####" for area in (800, 833, 844, 855, 866, 877, 888)
     for first in range(2, 10)]
)  # fmt: skip
_MAX_ID: Final = 2_147_483_647
_MAX_PRICE: Final = 500
_MAX_NUMBER: Final = 100
_LAST_OF_XX: Final = 2000
_PARAGRAPH: Final = (3, 6)


def _name() -> TextDefinition:
    gender = BoundedNumber(0, (2,))
    sizes, starts = (_TITLES_OF_GENDER,) * 2, (0, _TITLES_OF_GENDER)
    title = DictionaryPart(_TITLES, BoundedNumber(3, sizes, starts, by=gender))
    return [*name_words(_LOCALE), word("title")], (title, b" ", *_NAMES.name())


def _toll_free() -> TextDefinition:
    number = BoundedNumber(0, (len(_TOLL_FREE),))
    return words("toll_free_number", 5), (FormPart(_TOLL_FREE, number, 4),)


def _url() -> TextDefinition:
    drawn, domain = domain_text(_LOCALE)
    entries = data_files.joined("english_words")
    path = DictionaryPart(entries, BoundedNumber(len(drawn), (len(entries),)))
    return [*drawn, word("url")], (b"https://www.", *domain, b"/", path)


def _word(key: draw.Key, index: draw.Index) -> Column:
    found = data_files.lines("english_words")
    return DictionaryColumn(codes(key, "word", index, len(found)), found)


def _sentence() -> TextDefinition:
    return [word("sentence")], (sentence_part(0),)


def _paragraph() -> TextDefinition:
    return words("paragraph", _PARAGRAPH[1] + 1), (sentences_part(0, *_PARAGRAPH),)


def _day(key: draw.Key, index: draw.Index) -> Column:
    days = dates_and_times.dates_of(key, index).day
    return DictionaryColumn(days - 1, tuple(str(day) for day in range(1, 32)))


def _century(key: draw.Key, index: draw.Index) -> Column:
    late = dates_and_times.dates_of(key, index).year > _LAST_OF_XX
    return DictionaryColumn(late.astype(np.int64), ("XX", "XXI"))


def _currency(key: draw.Key, index: draw.Index) -> Column:
    slots = codes(key, "currency", index, len(_CURRENCY_TABLE))
    return DictionaryColumn(np.array(_CURRENCY_TABLE)[slots], _CURRENCY_NAMES)


def _amount(key: draw.Key, index: draw.Index) -> Column:
    own = named_key(key, "amount")
    magnitude = draw.integer_column(draw.child_key(own, 0), index, 0, len(_AMOUNT_STARTS) - 1)
    sizes, starts = np.array(_AMOUNT_SIZES, dtype=np.uint64), np.array(_AMOUNT_STARTS)
    cents = draw.sized_column(draw.child_key(own, 1), index, sizes[magnitude]) + starts[magnitude]
    return FloatColumn(cents / 100)


def _amount_with_currency() -> TextDefinition:
    currency = TableNumber(_CURRENCY_TABLE, BoundedNumber(0, (len(_CURRENCY_TABLE),)))
    magnitude = BoundedNumber(1, (len(_AMOUNT_STARTS),))
    cents = BoundedNumber(2, _AMOUNT_SIZES, _AMOUNT_STARTS, by=magnitude)
    names = DictionaryPart(StringDictionary(_CURRENCY_NAMES), currency)
    return [word("currency"), *words("amount", 2)], (names, b" ", HundredthsPart(cents))


def _method(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "opayment_method", index, len(_METHODS)), _METHODS)


def _id(key: draw.Key, index: draw.Index) -> Column:
    return IntegerColumn(integers(key, "id", index, 1, _MAX_ID))


def _price(key: draw.Key, index: draw.Index) -> Column:
    return FloatColumn((integers(key, "price", index, 1, _MAX_PRICE) * 100 - 1) / 100)


def _number(key: draw.Key, index: draw.Index) -> Column:
    return IntegerColumn(integers(key, "number", index, 1, _MAX_NUMBER))


def _same(name: str, source: FieldSpec, doc: str) -> FieldSpec:
    """The field of another object under another name."""
    return replace(source, name=name, doc=doc)


_TEXT: Final = ReturnType.TEXT
_NUMBER: Final = ReturnType.NUMBER
_INTEGER: Final = ReturnType.INTEGER
_CHANGED: Final = (
    _same("lat", _ADDRESS["latitude"], "The latitude of a place in a large city."),
    _same("long", _ADDRESS["longitude"], "The longitude of the same place."),
    _same("timezone", _ADDRESS["time_zone"], "The time zone of the same place."),
    FieldSpec(
        "cc_number",
        _TEXT,
        "A card number of the type in `cc_type`, with its prefix and a right check digit.",
        text_field(_CARDS.number_text),
    ),
    FieldSpec("cc_type", _TEXT, "With the frequencies of the cards in use.", _CARDS.type_column),
    _same("email", _PERSON["email"], "`username` at a domain that is reserved for examples."),
    _same("username", _PERSON["user_name"], "Made from `first_name` and `last_name`."),
    _same(
        "first_name", _PERSON["first_name"], "An English first name; frequent ones are more likely."
    ),
    _same("last_name", _PERSON["last_name"], "An English surname; frequent ones are more likely."),
    FieldSpec(
        "name",
        _TEXT,
        "Ms., Mrs., Mr. or Dr., of the gender, with `first_name` and `last_name`.",
        text_field(_name),
    ),
    FieldSpec(
        "domain_name",
        _TEXT,
        "One or two surnames in the reserved top-level domain `example`.",
        text_field(lambda: domain_text(_LOCALE)),
    ),
    FieldSpec("url", _TEXT, "A page at `www` of `domain_name`.", text_field(_url)),
    *realistic_network.FIELDS,
    FieldSpec(
        "phone_number",
        _TEXT,
        "A North American number with an area code that is in use.",
        text_field(lambda: north_american("phone_number", b"", b"-")),
    ),
    FieldSpec(
        "e_164_phone_number",
        _TEXT,
        "`phone_number` in E.164.",
        text_field(lambda: north_american("phone_number", b"+1")),
    ),
    FieldSpec(
        "toll_free_number",
        _TEXT,
        "A North American number of an area code that is free of charge.",
        text_field(_toll_free),
    ),
    FieldSpec("day_of_month", _TEXT, "The day of `date`, as text without a space.", _day),
    FieldSpec("century", _TEXT, "`XX` or `XXI`, the century of `date`.", _century),
    FieldSpec("word", _TEXT, "An English word.", _word),
    FieldSpec("sentence", _TEXT, "An English sentence.", text_field(_sentence)),
    FieldSpec("paragraph", _TEXT, "Three to six such sentences.", text_field(_paragraph)),
    FieldSpec("currency", _TEXT, "The ISO 4217 code of a frequent currency.", _currency),
    FieldSpec(
        "amount",
        _NUMBER,
        "From 1 to 9999.99, of at most two decimals; all magnitudes are equally likely.",
        _amount,
    ),
    FieldSpec(
        "amount_with_currency",
        _TEXT,
        "`currency`, a space and `amount` with two decimals.",
        text_field(_amount_with_currency),
    ),
    FieldSpec("opayment_method", _TEXT, ", ".join(_METHODS) + ".", _method),
    FieldSpec("payment_method", _TEXT, "The same as `opayment_method`.", _method, hidden=True),
    FieldSpec("id", _INTEGER, f"From 1 to {_MAX_ID}.", _id),
    FieldSpec("price", _NUMBER, "From 0.99 to 499.99, ending in .99.", _price),
    FieldSpec("number", _INTEGER, f"From 1 to {_MAX_NUMBER}.", _number),
)

FIELDS: Final = {each.name: each for each in _CHANGED}

"""`get_address`: addresses whose city, region, postcode, time zone and coordinates agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import JsonValue
from eventer.functions import data_files
from eventer.functions.cities import (
    ALL_COUNTRIES,
    COUNTRIES,
    City,
    CityChoice,
    city_choice,
    country_names,
    texts_by_city,
)
from eventer.functions.columns import Column, FloatColumn
from eventer.functions.locales import LOCALE, locale_of, one_of
from eventer.functions.rand_data.field_keys import integers
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, FunctionSpec, ObjectCall, Parameter, ReturnType
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import NumberSource
from eventer.functions.text_parts import (
    ConditionalPart,
    DictionaryPart,
    FormPart,
    SequencePart,
    TextPart,
)
from eventer.kernels import draw

JITTER: Final = 300
"""The largest distance from the centre of a city, in ten-thousandths of a degree."""
_DEGREE: Final = 10_000

# The forms of house numbers by language, each equally likely, and the text before one that
# follows the street (None: it comes before the street).
_NUMBERS: Final = {
    "en": ("%", "%#", "%#", "%##", "%##", "%###"),
    "de": ("%", "%", "%#", "%#", "%##", "%a", "%#b"),
    "fr": ("%", "%", "%#", "%#", "%##", "% bis"),
    "es": ("%", "%", "%#", "%#", "%##"),
    "ru": ("%", "%", "%#", "%#", "%##"),
    "ja": ("%-%-%", "%-%-%#", "%-%#-%", "%-%#-%#"),
}
_BEFORE_NUMBER: Final = {
    "en": None, "de": " ", "fr": None, "es": ", ", "ru": ", \u0434. ", "ja": "",
}  # fmt: skip
_CITY_WORD: Final = "city"


def _street(cities: CityChoice, word_of_street: int, city: NumberSource) -> TextPart:
    streets = texts_by_city(cities.cities, lambda c: data_files.lines(f"streets_{c.language}"))
    return DictionaryPart(streets.texts, streets.number(word_of_street, city))


def _number(cities: CityChoice, first: int, city: NumberSource) -> TextPart:
    """The house number: its form is drawn with word `first`, its digits with the next."""
    forms = texts_by_city(cities.cities, lambda c: _NUMBERS[c.language])
    return FormPart(forms.texts, forms.number(first, city), 4 * (first + 1))


_NUMBER_WORDS: Final = 1 + -(-max(len(form) for forms in _NUMBERS.values() for form in forms) // 4)


def _street_text(cities: CityChoice) -> TextDefinition:
    return [word(_CITY_WORD), word("street")], (_street(cities, 1, cities.number(0)),)


def _number_text(cities: CityChoice) -> TextDefinition:
    drawn = [word(_CITY_WORD), *words("number", _NUMBER_WORDS)]
    return drawn, (_number(cities, 1, cities.number(0)),)


def _street_address_text(cities: CityChoice) -> TextDefinition:
    drawn = [word(_CITY_WORD), word("street"), *words("number", _NUMBER_WORDS)]
    city = cities.number(0)
    number = _number(cities, 2, city)
    before = [_BEFORE_NUMBER[c.language] for c in cities.cities]
    separators = StringDictionary([text or "" for text in before])
    first = SequencePart((number, DictionaryPart(StringDictionary([" "] * len(before)), city)))
    last = SequencePart((DictionaryPart(separators, city), number))
    return drawn, (
        ConditionalPart(city, tuple(text is None for text in before), first),
        _street(cities, 1, city),
        ConditionalPart(city, tuple(text is not None for text in before), last),
    )


def _postcode_text(cities: CityChoice) -> TextDefinition:
    forms = texts_by_city(cities.cities, lambda c: c.postcodes)
    drawn = [word(_CITY_WORD), *words("postcode", 1 + -(-forms.texts.width // 4))]
    return drawn, (FormPart(forms.texts, forms.number(1, cities.number(0)), 8),)


def _degrees(
    cities: Callable[[], CityChoice], name: str, value: Callable[[City], float]
) -> Callable[[draw.Key, draw.Index], Column]:
    """Degrees near the centre of the city, with four decimals."""

    @cache
    def centres() -> NDArray[np.float64]:
        return (cities().numbers(value) * _DEGREE).round()

    def column(key: draw.Key, index: draw.Index) -> Column:
        distance = integers(key, name, index, -JITTER, JITTER)
        return FloatColumn((centres()[cities().codes(key, index)] + distance) / _DEGREE)

    return column


@cache
def address_fields(locale: str, countries: tuple[str, ...]) -> Mapping[str, FieldSpec]:
    """The fields of an address in one of some countries by name."""
    cities = partial(city_choice, countries)

    def of_city(value: Callable[[City], str]) -> Callable[[draw.Key, draw.Index], Column]:
        return lambda key, index: cities().column(key, index, value)

    text, number = ReturnType.TEXT, ReturnType.NUMBER
    fields = (
        FieldSpec(
            "street_address",
            text,
            "`street` and `number` in the order of the country.",
            text_field(lambda: _street_address_text(cities())),
        ),
        FieldSpec(
            "street",
            text,
            "A frequent name of streets.",
            text_field(lambda: _street_text(cities())),
        ),
        FieldSpec("number", text, "A house number.", text_field(lambda: _number_text(cities()))),
        FieldSpec(
            "city",
            text,
            "A large city, with a probability proportional to its population, written as in "
            "its country.",
            of_city(lambda city: city.name),
        ),
        FieldSpec("region", text, "The state or region of `city`.", of_city(lambda c: c.region)),
        FieldSpec(
            "postcode",
            text,
            "In the format of the country, with the first characters of `city`.",
            text_field(lambda: _postcode_text(cities())),
        ),
        FieldSpec(
            "country",
            text,
            "The country of `city` in the language of the locale.",
            of_city(lambda city: country_names(locale)[city.country]),
        ),
        FieldSpec("country_code", text, "The same in ISO 3166-1.", of_city(lambda c: c.country)),
        FieldSpec(
            "time_zone", text, "The time zone of `city` in IANA.", of_city(lambda c: c.time_zone)
        ),
        FieldSpec(
            "latitude",
            number,
            "At most 0.03 degrees (3 km) from the centre of `city`, four decimals.",
            _degrees(cities, "latitude", lambda city: city.latitude),
        ),
        FieldSpec(
            "longitude",
            number,
            "At most 0.03 degrees from the centre of `city`, four decimals.",
            _degrees(cities, "longitude", lambda city: city.longitude),
        ),
    )
    return {each.name: each for each in fields}


@dataclass(frozen=True, slots=True)
class Address(ObjectCall):
    """An address in one of some countries."""

    locale: str
    countries: tuple[str, ...]

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return address_fields(self.locale, self.countries)


def _bind(arguments: Sequence[JsonValue]) -> Address:
    locale = locale_of("get_address", arguments[0])
    if arguments[1] is None:
        return Address(locale, COUNTRIES[locale])
    return Address(locale, (one_of("get_address", "country", arguments[1], ALL_COUNTRIES),))


_COUNTRY: Final = Parameter(
    "country",
    "text",
    f"one of {', '.join(ALL_COUNTRIES)}; if omitted, one of those of the locale: "
    + "; ".join(f"{locale} {', '.join(each)}" for locale, each in COUNTRIES.items()),
    None,
)

GET_ADDRESS: Final = FunctionSpec(
    name="get_address",
    parameters=(LOCALE, _COUNTRY),
    return_type=ReturnType.OBJECT,
    doc="An address as an object; only the keys that are read are computed. The keys of one call "
    "agree, so keep the object in a local to read several of them. Streets, cities and regions are "
    "written as in the country. The address may not exist.",
    examples=(
        "get_address().city",
        "get_address('de', 'AT').postcode",
        "local a = get_address('en', 'GB'); { line: a.street_address, town: a.city }",
    ),
    bind=_bind,
    fields=address_fields("en", COUNTRIES["en"]),
)

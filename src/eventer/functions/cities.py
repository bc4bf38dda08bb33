"""Cities: weighted by population, with what their addresses have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.columns import Column, ConstantColumn, DictionaryColumn
from eventer.functions.locales import LOCALES
from eventer.functions.rand_data.field_keys import codes
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, NumberSource, TableNumber
from eventer.kernels import draw

COUNTRIES: Final = {
    "en": ("US", "GB", "CA", "AU"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR",),
    "es": ("ES", "MX", "AR"),
    "ru": ("RU",),
    "ja": ("JP",),
}
"""The countries of each locale; streets are written in its language."""
ALL_COUNTRIES: Final = tuple(country for each in COUNTRIES.values() for country in each)
LANGUAGES: Final = {country: locale for locale, each in COUNTRIES.items() for country in each}
_SLOTS: Final = 4096
"""The total of the weights of cities; each city counts at least once."""


@dataclass(frozen=True, slots=True)
class City:
    """A city of the data; coordinates are in degrees."""

    country: str
    name: str
    region: str
    latitude: float
    longitude: float
    population: int
    time_zone: str
    postcodes: tuple[str, ...]

    @property
    def language(self) -> str:
        """The locale of its country."""
        return LANGUAGES[self.country]


@cache
def _cities() -> tuple[City, ...]:
    return tuple(_parsed(line) for line in data_files.lines("cities"))


def _parsed(line: str) -> City:
    country, name, region, latitude, longitude, thousands, zone, postcodes = line.split("\t")
    coordinates = float(latitude), float(longitude)
    return City(
        country, name, region, *coordinates, int(thousands), zone, tuple(postcodes.split("|"))
    )


@cache
def country_names(locale: str) -> dict[str, str]:
    """The names of countries in a locale, by code."""
    rows = [line.split("\t") for line in data_files.lines("countries")]
    return {code: names[LOCALES.index(locale)] for code, *names in rows}


@dataclass(frozen=True)
class CityChoice:
    """Cities of which one is drawn: a draw chooses a slot, `table` has the city of each."""

    cities: tuple[City, ...]
    table: tuple[int, ...]

    def number(self, word: int) -> NumberSource:
        """The number of the city, drawn with a word."""
        return TableNumber(self.table, BoundedNumber(word, (len(self.table),)))

    def codes(self, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
        """The number of a city for each row."""
        return self._slots[codes(key, "city", index, len(self.table))]

    def column(self, key: draw.Key, index: draw.Index, value: Callable[[City], str]) -> Column:
        """A text of the cities of rows."""
        values = [value(city) for city in self.cities]
        entries = tuple(dict.fromkeys(values))
        if len(entries) == 1:
            return ConstantColumn(entries[0], len(index))
        numbers = np.array([entries.index(each) for each in values], dtype=np.int64)
        return DictionaryColumn(numbers[self.codes(key, index)], entries)

    def numbers(self, value: Callable[[City], float]) -> NDArray[np.float64]:
        """A number of each city."""
        return np.array([value(city) for city in self.cities], dtype=np.float64)

    @cached_property
    def _slots(self) -> NDArray[np.int64]:
        return np.array(self.table, dtype=np.int64)


@cache
def city_choice(countries: tuple[str, ...]) -> CityChoice:
    """The cities of countries, as frequent as people live in them."""
    found = tuple(city for city in _cities() if city.country in countries)
    total = sum(city.population for city in found)
    weights = [max(1, round(city.population / total * _SLOTS)) for city in found]
    table = [number for number, weight in enumerate(weights) for _ in range(weight)]
    return CityChoice(found, tuple(table))


@dataclass(frozen=True, slots=True)
class TextsByCity:
    """Texts of which the city chooses some: those of city c are `sizes[c]` from `starts[c]` on."""

    texts: StringDictionary
    sizes: tuple[int, ...]
    starts: tuple[int, ...]

    def number(self, word: int, city: NumberSource) -> NumberSource:
        """The number of a text of the city, drawn with a word."""
        return BoundedNumber(word, self.sizes, self.starts, by=city)


def texts_by_city(cities: Sequence[City], texts_of: Callable[[City], Sequence[str]]) -> TextsByCity:
    """The texts of cities; equal sequences are stored once."""
    texts: list[str] = []
    known: dict[tuple[str, ...], int] = {}
    places: list[tuple[int, int]] = []
    for city in cities:
        own = tuple(texts_of(city))
        if own not in known:
            known[own] = len(texts)
            texts += own
        places.append((len(own), known[own]))
    sizes, starts = zip(*places, strict=True)
    return TextsByCity(StringDictionary(texts), sizes, starts)

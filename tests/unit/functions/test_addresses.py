"""Addresses: all keys are those of one city of the data."""

import re
import zoneinfo

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions import data_files
from eventer.functions.addresses import GET_ADDRESS
from eventer.functions.cities import ALL_COUNTRIES, COUNTRIES, city_choice, country_names
from eventer.functions.locales import LOCALES
from eventer.functions.spec import BatchContext
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 1000
INDEX = np.arange(ROWS)
POSTCODES = {
    "US": r"\d{5}",
    "GB": r"[A-Z]{1,2}\d{1,2} \d[A-Z]{2}",
    "CA": r"[A-Z]\d[A-Z] \d[A-Z]\d",
    "AU": r"\d{4}",
    "DE": r"\d{5}",
    "AT": r"[1-9]\d{3}",
    "CH": r"[1-9]\d{3}",
    "FR": r"\d{5}",
    "ES": r"\d{5}",
    "MX": r"\d{5}",
    "AR": r"\d{4}",
    "RU": r"\d{6}",
    "JP": r"\d{3}-\d{4}",
}
CITIES = [line.split("\t") for line in data_files.lines("cities")]


def addresses(locale, country=None):
    call = GET_ADDRESS.call((locale, country))
    return call.column(9, BatchContext(INDEX, INDEX)).to_list()


@family("country", ALL_COUNTRIES)
def test_the_keys_of_an_address_agree(country):
    cities = {city[1]: city for city in CITIES if city[0] == country}
    streets = {street for locale in LOCALES for street in data_files.lines(f"streets_{locale}")}
    for row in addresses("en", country):
        _, _, region, latitude, longitude, _, zone, postcodes = cities[row["city"]]
        assert (row["region"], row["time_zone"]) == (region, zone)
        assert row["latitude"] == pytest.approx(float(latitude), abs=0.03001)
        assert row["longitude"] == pytest.approx(float(longitude), abs=0.03001)
        forms = (re.escape(form) for form in postcodes.split("|"))
        known = "|".join(form.replace(r"\#", r"\d").replace("%", "[1-9]").replace(r"\?", "[A-Z]")
                         for form in forms)  # fmt: skip
        assert re.fullmatch(known, row["postcode"])
        assert re.fullmatch(POSTCODES[country], row["postcode"])
        assert row["country_code"] == country
        assert row["country"] == country_names("en")[country]
        assert row["street"] in streets
        assert row["number"] in row["street_address"]
        assert row["street"] in row["street_address"]


@family("locale", LOCALES)
def test_a_locale_has_its_countries(locale):
    rows = addresses(locale)
    assert {row["country_code"] for row in rows} == set(COUNTRIES[locale])
    assert {row["country"] for row in rows} == {
        country_names(locale)[code] for code in COUNTRIES[locale]
    }


def test_cities_are_as_likely_as_people_live_in_them():
    cities = city_choice(("JP",))
    call = GET_ADDRESS.call(("ja", None)).fields["city"]
    found = call.column(5, BatchContext(np.arange(20_000), INDEX)).to_list()
    weights = np.bincount(cities.table).astype(float)
    counts = np.array([found.count(city.name) for city in cities.cities])
    assert fit.chi_square(counts, weights) > fit.LEVEL
    largest = max(cities.cities, key=lambda city: city.population)
    assert counts[cities.cities.index(largest)] == counts.max()


@family(
    ("country", "expected"),
    [
        ("US", r"\d+ .*"), ("DE", r".* \d+[ab]?"), ("FR", r"\d+( bis)? .*"), ("ES", r".*, \d+"),
        ("JP", r"[^\d ]+\d-\d+-\d+"),
    ],
)  # fmt: skip
def test_street_addresses_have_the_order_of_the_country(country, expected):
    assert all(re.fullmatch(expected, row["street_address"]) for row in addresses("en", country))


def test_the_data_of_cities_are_sound():
    assert {city[6] for city in CITIES} <= zoneinfo.available_timezones()
    assert len({(city[0], city[1]) for city in CITIES}) == len(CITIES)
    assert {city[0] for city in CITIES} == set(ALL_COUNTRIES)
    assert all(-90 < float(city[3]) < 90 and -180 < float(city[4]) < 180 for city in CITIES)


def test_a_country_without_data_is_refused():
    with pytest.raises(EvaluationError, match="'country' is \"XX\", which is not supported"):
        GET_ADDRESS.call(("en", "XX"))
    for written, meant in (("us", "US"), ("UK", "GB"), ("at", "AT")):
        with pytest.raises(EvaluationError) as caught:
            GET_ADDRESS.call(("en", written))
        assert caught.value.hint == f"write '{meant}'"

"""People: the keys of one call agree, and every key is as documented."""

import re
from datetime import date

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.latin import latin
from eventer.functions.locales import LOCALES
from eventer.functions.names import first_names, last_names
from eventer.functions.people import GET_PERSON, person_fields
from eventer.functions.phones import AREAS, EXCHANGES
from eventer.functions.spec import BatchContext
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 1000
INDEX = np.arange(ROWS)
PHONES = {
    "en": r"\+1[2-9]\d\d[2-9]\d{6}",
    "de": r"\+491[567]\d{8,9}",
    "fr": r"\+33[67]\d{8}",
    "es": r"\+34[67]\d{8}",
    "ru": r"\+79\d{9}",
    "ja": r"\+81[789]0\d{8}",
}


@pytest.fixture(scope="module", params=LOCALES)
def people(request):
    column = GET_PERSON.call((request.param,)).column(9, BatchContext(INDEX, INDEX))
    return request.param, column.to_list()


def test_names_are_of_the_gender_and_locale(people):
    locale, rows = people
    first, last = first_names(locale), last_names(locale)
    half = first.table[first.starts[1]]
    names = {"female": {*first.names[:half]}, "male": {*first.names[half:]}}
    words = {*" ".join(last.names).split(" ")}
    for row in rows:
        assert row["first_name"] in names[row["gender"]]
        assert {*row["last_name"].split(" ")} <= words
    order = ["{last_name} {first_name}"] if locale == "ja" else ["{first_name} {last_name}"]
    assert all(row["name"] == order[0].format(**row) for row in rows)


def test_addresses_are_made_from_the_name(people):
    locale, rows = people
    spelt = dict(zip(first_names(locale).names, first_names(locale).latin, strict=True))
    surnames = dict(zip(last_names(locale).names, last_names(locale).latin, strict=True))
    for row in rows:
        first = spelt[row["first_name"]]
        last = next(
            text for name, text in surnames.items() if f"{row['last_name']} ".startswith(f"{name} ")
        ) if locale == "es" else surnames[row["last_name"]]  # fmt: skip
        name = row["user_name"].rstrip("0123456789")
        assert name.endswith(last), row
        assert name.removesuffix(last).rstrip("._") in (first, first[0]), row
        assert re.fullmatch(r"[a-z]+[._]?[a-z]+[1-9]?\d?", row["user_name"]), row
        assert re.fullmatch(r"[a-z0-9._]+@example\.(com|net|org)", row["email"])
        assert row["email"].startswith(row["user_name"] + "@")


def test_phones_and_dates_have_their_forms(people):
    locale, rows = people
    assert all(re.fullmatch(PHONES[locale], row["phone"]) for row in rows)
    born = [date.fromisoformat(row["birth_date"]) for row in rows]
    assert date(1936, 1, 1) <= min(born) < date(1938, 1, 1)
    assert date(2006, 1, 1) < max(born) <= date(2007, 12, 31)


def test_genders_are_equally_likely(people):
    _, rows = people
    assert fit.chi_square(np.bincount([row["gender"] == "male" for row in rows])) > fit.LEVEL


def test_russian_surnames_have_the_gender():
    rows = GET_PERSON.call(("ru",)).column(9, BatchContext(INDEX, INDEX)).to_list()
    female, male = last_names("ru").names[:250], last_names("ru").names[250:]
    assert all(row["last_name"] in (female if row["gender"] == "female" else male) for row in rows)


def test_frequent_english_surnames_are_more_likely():
    fields = person_fields("en")
    column = fields["last_name"].column(3, BatchContext(np.arange(50_000), INDEX)).to_list()
    surnames = last_names("en")
    expected = surnames.table.count(surnames.names.index("Smith")) / len(surnames.table)
    assert column.count("Smith") / len(column) == pytest.approx(expected, rel=0.2)
    assert expected > 0.02


@family("locale", LOCALES)
def test_all_names_have_latin_letters(locale):
    for choice in (first_names(locale), last_names(locale)):
        assert all(re.fullmatch("[a-z]+", text) for text in choice.latin)


@family(
    ("name", "locale", "expected"),
    [
        ("Jürgen Weiß", "de", "juergenweiss"),
        ("Núñez", "es", "nunez"),
        ("Noël d'Œuvre", "fr", "noeldoeuvre"),
        ("\u0429\u0435\u0440\u0431\u0430\u043a\u043e\u0432\u0430", "ru", "shcherbakova"),
        ("O'Connor", "en", "oconnor"),
    ],
)
def test_latin_letters(name, locale, expected):
    assert latin(name, locale) == expected


def test_north_american_numbers_are_no_services():
    assert not [area for area in AREAS.entries if re.fullmatch(r"[01]\d\d|\d11", area)]
    assert not [first for first in EXCHANGES.entries if re.fullmatch(r"[01]\d|\d1", first)]


@pytest.mark.parametrize("value", ["xx", "english", ""])
def test_an_unknown_locale_is_refused(value):
    with pytest.raises(EvaluationError) as caught:
        GET_PERSON.call((value,))
    assert caught.value.hint == "write one of en, de, fr, es, ru, ja"
    with pytest.raises(EvaluationError) as caught:
        GET_PERSON.call(("DE",))
    assert caught.value.hint == "write 'de'"


def test_fields_are_the_same_objects_for_the_same_locale():
    fields = [GET_PERSON.call((locale,)).fields for locale in ("en", None, "en")]
    assert fields[0] is fields[1] is fields[2]

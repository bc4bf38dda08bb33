"""`get_person`: people whose names, e-mail addresses and user names agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from eventer.core.model import JsonValue
from eventer.functions.calendar import SECONDS_PER_DAY
from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.formatted_parts import DatePart
from eventer.functions.locales import LOCALE, locale_of
from eventer.functions.names import GENDERS, Codes, NameChoice, first_names, last_names
from eventer.functions.phones import phone_text
from eventer.functions.program_builder import RandomWord
from eventer.functions.rand_data.field_keys import codes, named_key
from eventer.functions.random_texts import text_field, word
from eventer.functions.spec import FieldSpec, FunctionSpec, ObjectCall, ReturnType
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import (
    BoundedNumber,
    LaneNumber,
    NumberSource,
    SumNumber,
    TableNumber,
)
from eventer.functions.text_parts import DictionaryPart, TextPart
from eventer.kernels import draw

BIRTH_FROM: Final = -12_419 * SECONDS_PER_DAY
"""1936-01-01; those who are born later are at most 90 years old in 2026."""
BIRTH_DAYS: Final = 26_298
"""Days from then until 2007-12-31; those who are born earlier are adults in 2026."""
_SURNAME_FIRST: Final = frozenset({"ja"})
_TWO_SURNAMES: Final = frozenset({"es"})
_MAIL_DOMAINS: Final = StringDictionary(("example.com", "example.net", "example.org"))

# How user names are made: the whole first name or its first letter, and what is between.
_STYLES: Final = (
    (True, "."), (True, "."), (True, ""), (True, "_"),
    (False, ""), (False, ""), (False, "."), (True, ""),
)  # fmt: skip
_NUMBERS: Final = StringDictionary([*map(str, range(1, 100)), *[""] * 157])
"""What follows a user name: nothing three times of five."""

_NAME_WORDS: Final = ("gender", "first_name", "last_name")
_LATER_WORDS: Final = ("user_name", "email")
_SECOND_WORD: Final = 3
_STYLE_LANE: Final = 4 * 3
_STYLE: Final = LaneNumber(_STYLE_LANE, len(_STYLES))
_NUMBER: Final = LaneNumber(_STYLE_LANE + 1, len(_NUMBERS))
_GENDER: Final = BoundedNumber(0, (len(GENDERS),))


@dataclass(frozen=True, slots=True)
class NameParts:
    """The parts of texts with the name of a person; `name_words` and `_address_words` draw them."""

    locale: str

    @property
    def first(self) -> NameChoice:
        """The first names."""
        return first_names(self.locale)

    @property
    def last(self) -> NameChoice:
        """The surnames."""
        return last_names(self.locale)

    def first_name(self) -> TextPart:
        """The first name."""
        return DictionaryPart(self.first.written, self._first_number())

    def last_name(self) -> list[TextPart | bytes]:
        """The surname, or both."""
        surnames = self.last
        found: list[TextPart | bytes] = [DictionaryPart(surnames.written, self._last_number())]
        if self.locale in _TWO_SURNAMES:
            found += b" ", DictionaryPart(surnames.written, surnames.number(_SECOND_WORD, _GENDER))
        return found

    def name(self) -> list[TextPart | bytes]:
        """The whole name, in the order of the locale."""
        first, last = self.first_name(), self.last_name()
        return [*last, b" ", first] if self.locale in _SURNAME_FIRST else [first, b" ", *last]

    def user_name(self) -> list[TextPart | bytes]:
        """The name in the letters a to z, perhaps with a number, in one of some styles."""
        latin = self.first.latin
        names = StringDictionary([*latin, *(name[0] for name in latin)])
        # The first letters follow the names in the dictionary.
        offset = TableNumber(tuple(0 if whole else len(latin) for whole, _ in _STYLES), _STYLE)
        between = StringDictionary([text for _, text in _STYLES])
        return [
            DictionaryPart(names, SumNumber(self._first_number(), offset)),
            DictionaryPart(between, _STYLE),
            DictionaryPart(self.last.written_latin, self._last_number()),
            DictionaryPart(_NUMBERS, _NUMBER),
        ]

    def email(self) -> list[TextPart | bytes]:
        """The user name at a domain that is reserved for examples."""
        domain = BoundedNumber(4, (len(_MAIL_DOMAINS),))
        return [*self.user_name(), b"@", DictionaryPart(_MAIL_DOMAINS, domain)]

    def _first_number(self) -> NumberSource:
        return self.first.number(1, _GENDER)

    def _last_number(self) -> NumberSource:
        return self.last.number(2, _GENDER)


def name_words(locale: str) -> list[RandomWord]:
    """The words that names draw."""
    second = ("second_last_name",) if locale in _TWO_SURNAMES else ()
    return [word(name) for name in (*_NAME_WORDS, *second)]


def _address_words() -> list[RandomWord]:
    """The words that user names and e-mail addresses draw; they have the first surname only."""
    return [word(name) for name in (*_NAME_WORDS, *_LATER_WORDS)]


def gender_codes(key: draw.Key, index: draw.Index) -> Codes:
    """The numbers of genders."""
    return codes(key, "gender", index, len(GENDERS))


@cache
def person_fields(locale: str) -> Mapping[str, FieldSpec]:
    """The fields of a person by name."""
    parts = NameParts(locale)

    def gender(key: draw.Key, index: draw.Index) -> Column:
        return DictionaryColumn(gender_codes(key, index), GENDERS)

    def first_name(key: draw.Key, index: draw.Index) -> Column:
        own, genders = named_key(key, "first_name"), gender_codes(key, index)
        return DictionaryColumn(parts.first.codes(own, index, genders), parts.first.names)

    def last_name(key: draw.Key, index: draw.Index) -> Column:
        own, genders = named_key(key, "last_name"), gender_codes(key, index)
        return DictionaryColumn(parts.last.codes(own, index, genders), parts.last.names)

    two_last_names = text_field(lambda: (name_words(locale), parts.last_name()))
    birth = BoundedNumber(0, (BIRTH_DAYS * SECONDS_PER_DAY,), (BIRTH_FROM,))
    text = ReturnType.TEXT
    fields = (
        FieldSpec("gender", text, "`female` or `male`, equally likely.", gender),
        FieldSpec("first_name", text, "A first name of the gender.", first_name),
        FieldSpec(
            "last_name",
            text,
            "A surname; in Russian of the gender, in Spanish two surnames.",
            two_last_names if locale in _TWO_SURNAMES else last_name,
        ),
        FieldSpec(
            "name",
            text,
            "`first_name` and `last_name`; in Japanese `last_name` comes first.",
            text_field(lambda: (name_words(locale), parts.name())),
        ),
        FieldSpec(
            "user_name",
            text,
            "Made from the name in the letters a to z, in one of several styles; two of five "
            "have a number.",
            text_field(lambda: (_address_words()[:-1], parts.user_name())),
        ),
        FieldSpec(
            "email",
            text,
            "`user_name` at example.com, example.net or example.org, which are reserved: mail to "
            "them reaches no one.",
            text_field(lambda: (_address_words(), parts.email())),
        ),
        FieldSpec(
            "phone",
            text,
            "A mobile number in E.164 of the country of the locale (en: United States).",
            text_field(lambda: phone_text(locale, "phone")),
        ),
        FieldSpec(
            "birth_date",
            text,
            "A date from 1936-01-01 to 2007-12-31.",
            text_field(lambda: ([word("birth_date")], (DatePart(birth),))),
        ),
    )
    return {each.name: each for each in fields}


@dataclass(frozen=True, slots=True)
class Person(ObjectCall):
    """A person of a locale."""

    locale: str

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return person_fields(self.locale)


def _bind(arguments: Sequence[JsonValue]) -> Person:
    return Person(locale_of("get_person", arguments[0]))


GET_PERSON: Final = FunctionSpec(
    name="get_person",
    parameters=(LOCALE,),
    return_type=ReturnType.OBJECT,
    doc="A person as an object; only the keys that are read are computed. The keys of one call "
    "agree, "
    "so keep the object in a local to read several of them. Names are written as in the locale. "
    "In English and Japanese, frequent names are more likely. Two people may have the same name "
    "and the same e-mail address; add a separator and the index where addresses must be "
    "unique, as user names may end in digits.",
    examples=(
        "get_person().name",
        "local p = get_person('de'); { name: p.name, email: p.email, born: p.birth_date }",
    ),
    bind=_bind,
    fields=person_fields("en"),
)

"""`get_company` and `get_job`: companies named after people, and titles of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from eventer.core.model import JsonValue
from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.locales import LOCALE, locale_of
from eventer.functions.names import NameChoice, last_names
from eventer.functions.program_builder import RandomWord
from eventer.functions.rand_data.field_keys import codes
from eventer.functions.random_texts import TextDefinition, text_field, word
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    FieldSpec,
    FunctionSpec,
    ObjectCall,
    ReturnType,
)
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, LaneNumber, TableNumber
from eventer.functions.text_parts import (
    ConditionalPart,
    DictionaryPart,
    LiteralPart,
    SequencePart,
    TextPart,
)
from eventer.kernels import draw

# What is written before and after the name, by locale; each form is equally likely. Russian and
# Japanese names are in quotes or have no space.
_FORMS: Final = {
    "en": (("", " Inc."), ("", " LLC"), ("", " Ltd"), ("", " Group"), ("", " & Co.")),
    "de": (("", " GmbH"), ("", " AG"), ("", " GmbH & Co. KG"), ("", " KG"), ("", " OHG")),
    "fr": (("", " SARL"), ("", " SA"), ("", " SAS"), ("Groupe ", ""), ("", " et Fils")),
    "es": (("", " S.L."), ("", " S.A."), ("Grupo ", ""), ("", " e Hijos S.L.")),
    "ru": (("\u041e\u041e\u041e \u00ab", "\u00bb"), ("\u0410\u041e \u00ab", "\u00bb")),
    "ja": (
        ("\u682a\u5f0f\u4f1a\u793e", ""),
        ("", "\u682a\u5f0f\u4f1a\u793e"),
        ("\u6709\u9650\u4f1a\u793e", ""),
    ),
}  # fmt: skip
_BETWEEN: Final = {"en": " & ", "de": " & ", "fr": " & ", "es": " y ", "ru": "-", "ja": "\u30fb"}
_TWO_NAMES: Final = 2
"""One of this many companies has two names."""
_MEN: Final = 1
"""The gender of names of Russian companies."""
_MAILBOXES: Final = StringDictionary(("info", "contact", "office", "sales"))
_INDUSTRIES: Final = (
    "Agriculture", "Automotive", "Banking", "Biotechnology", "Construction", "Consulting",
    "Education", "Energy", "Entertainment", "Fashion", "Food", "Healthcare", "Hospitality",
    "Insurance", "Logistics", "Manufacturing", "Media", "Mining", "Pharmaceuticals", "Real Estate",
    "Retail", "Security", "Software", "Telecommunications", "Textiles", "Tourism", "Transport",
    "Utilities",
)  # fmt: skip
_WORDS: Final = ("company_name", "second_company_name", "company_form", "company_email")
_FORM_LANE: Final = 2 * 4
_TWO: Final = LaneNumber(_FORM_LANE, _TWO_NAMES)
_SHOW_SECOND: Final = (False, True)


def _words() -> list[RandomWord]:
    return [word(name) for name in _WORDS]


def _names(choice: NameChoice, names: StringDictionary, between: str) -> list[TextPart]:
    """One or two surnames with a text between; Russian companies have those of men."""
    gender = min(_MEN, len(choice.sizes) - 1)
    size, start = choice.sizes[gender], choice.starts[gender]
    first, second = (
        DictionaryPart(names, TableNumber(choice.table, BoundedNumber(drawn, (size,), (start,))))
        for drawn in (0, 1)
    )
    more = SequencePart((LiteralPart(between.encode()), second))
    return [first, ConditionalPart(_TWO, _SHOW_SECOND, more)]


def _name(locale: str) -> TextDefinition:
    names = last_names(locale)
    forms = _FORMS[locale]
    form = LaneNumber(_FORM_LANE + 1, len(forms))
    before, after = (StringDictionary([each[side] for each in forms]) for side in (0, 1))
    parts = _names(names, names.written, _BETWEEN[locale])
    return _words()[:3], (DictionaryPart(before, form), *parts, DictionaryPart(after, form))


def domain_text(locale: str) -> TextDefinition:
    """The domain of a company."""
    names = last_names(locale)
    return _words()[:3], (*_names(names, names.written_latin, "-"), b".example")


def _email(locale: str) -> TextDefinition:
    mailbox = BoundedNumber(3, (len(_MAILBOXES),))
    _, domain = domain_text(locale)
    return _words(), (DictionaryPart(_MAILBOXES, mailbox), b"@", *domain)


def _industry(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "industry", index, len(_INDUSTRIES)), _INDUSTRIES)


@cache
def company_fields(locale: str) -> Mapping[str, FieldSpec]:
    """The fields of a company by name."""
    text = ReturnType.TEXT
    fields = (
        FieldSpec(
            "name",
            text,
            "One or two surnames with a legal form of the locale.",
            text_field(lambda: _name(locale)),
        ),
        FieldSpec("industry", text, "An industry in English.", _industry),
        FieldSpec(
            "domain",
            text,
            "The surnames in the letters a to z, in the top-level domain `example`, which is "
            "reserved.",
            text_field(lambda: domain_text(locale)),
        ),
        FieldSpec(
            "email",
            text,
            "`info`, `contact`, `office` or `sales` at `domain`.",
            text_field(lambda: _email(locale)),
        ),
    )
    return {each.name: each for each in fields}


@dataclass(frozen=True, slots=True)
class Company(ObjectCall):
    """A company of a locale."""

    locale: str

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return company_fields(self.locale)


@dataclass(frozen=True, slots=True)
class Job(BoundCall):
    """A title of a locale."""

    locale: str

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        titles = data_files.lines(f"jobs_{self.locale}")
        return DictionaryColumn(draw.integer_column(key, context.index, 0, len(titles) - 1), titles)


def _company(arguments: Sequence[JsonValue]) -> Company:
    return Company(locale_of("get_company", arguments[0]))


def _job(arguments: Sequence[JsonValue]) -> Job:
    return Job(locale_of("get_job", arguments[0]))


GET_COMPANY: Final = FunctionSpec(
    name="get_company",
    parameters=(LOCALE,),
    return_type=ReturnType.OBJECT,
    doc="A company as an object; only the keys that are read are computed. The keys of one "
    "call agree.",
    examples=("get_company().name", "get_company('fr').email"),
    bind=_company,
    fields=company_fields("en"),
)

GET_JOB: Final = FunctionSpec(
    name="get_job",
    parameters=(LOCALE,),
    return_type=ReturnType.TEXT,
    doc="The title of a job in the language of the locale, each equally likely.",
    examples=("get_job()", "get_job('es')"),
    bind=_job,
)

"""E-mail addresses, domains, URLs, user names, passwords, tokens."""

from __future__ import annotations

from typing import Final

from eventer.functions.random_texts import TextDefinition, lanes, text_field
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import LETTERS, LOWER, Alphabet, StringDictionary
from eventer.functions.text_numbers import LaneNumber
from eventer.functions.text_parts import ConditionalPart, DictionaryPart, LettersPart

_LETTERS: Final = Alphabet(LETTERS)
_LOWER: Final = Alphabet(LOWER)
_TLDS: Final = StringDictionary(("com", "biz", "info", "net", "org", "ru", "edu", "top"))
_NAME: Final = 7
_PASSWORD: Final = 50

# The parts of a URL: scheme and prefix, whether a user name follows the slash, and the end.
_ENDINGS: Final = ((False, ""), (True, ""))
_FILES: Final = tuple(
    (True, f".{extension}") for extension in ("html", "php", "jpg", "webp", "js", "css", "svg")
)
_FORMS: Final = tuple(
    (f"{scheme}://{www}", has_user, ending)
    for scheme in ("http", "https")
    for www, endings in (("www.", _ENDINGS), ("", _ENDINGS + _FILES))
    for has_user, ending in endings
)
_PREFIXES: Final = StringDictionary([prefix for prefix, _, _ in _FORMS])
_HAS_USER: Final = tuple(has_user for _, has_user, _ in _FORMS)
_SUFFIXES: Final = StringDictionary([ending for _, _, ending in _FORMS])


@text_field
def _email() -> TextDefinition:
    name, domain = LettersPart(_LETTERS, 0, _NAME), LettersPart(_LETTERS, _NAME, 2 * _NAME)
    return lanes("email", 2 * _NAME + 1), (name, b"@", domain, b".", _tld(2 * _NAME))


@text_field
def _domain_name() -> TextDefinition:
    return lanes("domain_name", _NAME + 1), (LettersPart(_LOWER, 0, _NAME), b".", _tld(_NAME))


@text_field
def _url() -> TextDefinition:
    form = LaneNumber(2 * _NAME + 1, len(_FORMS))
    return lanes("url", 2 * _NAME + 2), (
        DictionaryPart(_PREFIXES, form),
        LettersPart(_LOWER, 0, _NAME),
        b".",
        _tld(2 * _NAME),
        b"/",
        ConditionalPart(form, _HAS_USER, LettersPart(_LETTERS, _NAME, 2 * _NAME)),
        DictionaryPart(_SUFFIXES, form),
    )


def _tld(lane: int) -> DictionaryPart:
    return DictionaryPart(_TLDS, LaneNumber(lane, len(_TLDS)))


@text_field
def _username() -> TextDefinition:
    return lanes("username", _NAME), (LettersPart(_LETTERS, 0, _NAME),)


@text_field
def _password() -> TextDefinition:
    return lanes("password", _PASSWORD), (LettersPart(_LETTERS, 0, _PASSWORD),)


FIELDS: Final = (
    FieldSpec(
        "email", ReturnType.TEXT, "Seven letters `@` seven letters `.` top-level domain.", _email
    ),
    FieldSpec(
        "domain_name",
        ReturnType.TEXT,
        "Seven lower-case letters and one of the top-level domains com, biz, info, net, org, ru, "
        "edu, top.",
        _domain_name,
    ),
    FieldSpec(
        "url",
        ReturnType.TEXT,
        "`http` or `https`, with or without `www.`, a domain name, and a path that is empty, a "
        "user name, or (without `www.`) a file of seven kinds.",
        _url,
    ),
    FieldSpec("username", ReturnType.TEXT, "Seven letters.", _username),
    FieldSpec("password", ReturnType.TEXT, "Fifty letters.", _password),
)

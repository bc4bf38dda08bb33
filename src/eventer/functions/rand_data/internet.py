"""Names on the net: e-mail addresses, domains, URLs, user names, passwords, tokens."""

from __future__ import annotations

from typing import Final

from eventer.functions.pieces import Entry, Lane, Letters, Where
from eventer.functions.random_texts import Definition, lanes, spelt
from eventer.functions.spec import FieldSpec, Kind
from eventer.functions.spelling import LETTERS, LOWER, Alphabet, Entries

_LETTERS: Final = Alphabet(LETTERS)
_LOWER: Final = Alphabet(LOWER)
_TLDS: Final = Entries(("com", "biz", "info", "net", "org", "ru", "edu", "top"))
_NAME: Final = 7
_PASSWORD: Final = 50

# What a URL is made of: scheme and prefix, whether a user name follows the slash, and what ends it.
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
_PREFIXES: Final = Entries([prefix for prefix, _, _ in _FORMS])
_HAS_USER: Final = tuple(has_user for _, has_user, _ in _FORMS)
_SUFFIXES: Final = Entries([ending for _, _, ending in _FORMS])


@spelt
def _email() -> Definition:
    name, domain = Letters(_LETTERS, 0, _NAME), Letters(_LETTERS, _NAME, 2 * _NAME)
    return lanes("email", 2 * _NAME + 1), (name, b"@", domain, b".", _tld(2 * _NAME))


@spelt
def _domain_name() -> Definition:
    return lanes("domain_name", _NAME + 1), (Letters(_LOWER, 0, _NAME), b".", _tld(_NAME))


@spelt
def _url() -> Definition:
    form = Lane(2 * _NAME + 1, len(_FORMS))
    return lanes("url", 2 * _NAME + 2), (
        Entry(_PREFIXES, form),
        Letters(_LOWER, 0, _NAME),
        b".",
        _tld(2 * _NAME),
        b"/",
        Where(form, _HAS_USER, Letters(_LETTERS, _NAME, 2 * _NAME)),
        Entry(_SUFFIXES, form),
    )


def _tld(lane: int) -> Entry:
    return Entry(_TLDS, Lane(lane, len(_TLDS)))


@spelt
def _username() -> Definition:
    return lanes("username", _NAME), (Letters(_LETTERS, 0, _NAME),)


@spelt
def _password() -> Definition:
    return lanes("password", _PASSWORD), (Letters(_LETTERS, 0, _PASSWORD),)


FIELDS: Final = (
    FieldSpec("email", Kind.TEXT, "Seven letters `@` seven letters `.` top-level domain.", _email),
    FieldSpec(
        "domain_name",
        Kind.TEXT,
        "Seven lower-case letters and one of the top-level domains com, biz, info, net, org, ru, "
        "edu, top.",
        _domain_name,
    ),
    FieldSpec(
        "url",
        Kind.TEXT,
        "`http` or `https`, with or without `www.`, a domain name, and a path that is empty, a "
        "user name, or (without `www.`) a file of seven kinds.",
        _url,
    ),
    FieldSpec("username", Kind.TEXT, "Seven letters.", _username),
    FieldSpec("password", Kind.TEXT, "Fifty letters.", _password),
)

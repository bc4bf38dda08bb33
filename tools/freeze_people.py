"""Names of people and titles of jobs, from Mimesis and Faker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

NAME_PARTS: Final = 1 << 12
"""The total of the weights of a list of names; every name counts at least once."""
MAX_JOBS: Final = 200
# Heads of states, of which there is one.
_NOT_JOBS: Final = frozenset({"\u5927\u7d71\u9818", "\u9996\u76f8"})
_LOCALES: Final = {
    "en": "en_US", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "ru": "ru_RU", "ja": "ja_JP",
}  # fmt: skip


def people() -> dict[str, list[str]]:
    """The lists by file. First names of other locales than English are written by hand."""
    english, japanese = _provider("person", "en"), _provider("person", "ja")
    russian = _provider("person", "ru")
    pairs = japanese.last_name_pairs
    surnames = {
        f"{kanji}\t{latin.lower()}": pairs[kanji, kana, latin] for kanji, kana, latin in pairs
    }
    lists = {
        "first_names_female_en": _weighted(english.first_names_female),
        "first_names_male_en": _weighted(english.first_names_male),
        "last_names_en": _weighted(english.last_names),
        "last_names_female_ru": list(russian.last_names_female),
        "last_names_male_ru": list(russian.last_names_male),
        "last_names_ja": _weighted(surnames),
    }
    for locale in ("de", "fr", "es"):
        lists[f"last_names_{locale}"] = sorted(set(_provider("person", locale).last_names))
    for locale in _LOCALES:
        lists[f"jobs_{locale}"] = jobs(locale)
    return lists


def jobs(locale: str) -> list[str]:
    """Titles, at even distances of the sorted titles of both sources."""
    path = files("mimesis") / f"datasets/{locale}/person.json"
    titles = set(json.loads(path.read_text(encoding="utf-8"))["occupation"])
    if locale in {"de", "es", "ja"}:
        titles |= set(_provider("job", locale).jobs)
    found = sorted({title.strip() for title in titles - _NOT_JOBS if not set(title) & set(",(/&")})
    size = min(len(found), MAX_JOBS)
    return [found[place * len(found) // size] for place in range(size)]


def _provider(family: str, locale: str) -> Any:
    return import_module(f"faker.providers.{family}.{_LOCALES[locale]}").Provider


def _weighted(frequencies: Mapping[str, float]) -> list[str]:
    """Lines of weight, tab and entry, by decreasing weight."""
    total = sum(frequencies.values())
    ranked: Iterable[tuple[str, float]] = sorted(
        frequencies.items(), key=lambda item: (-item[1], item[0])
    )
    return [f"{max(1, round(weight / total * NAME_PARTS))}\t{name}" for name, weight in ranked]

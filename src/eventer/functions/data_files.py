"""Reads the data files of the package, each at first use, once per process.

The fingerprint has the digest of `LISTS`. The lists of `ADDED_LISTS` came later: a test holds their
digest, and a change of a released one increases `VERSION` in `fingerprint.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions.string_building import StringDictionary

_LOCALES: Final = ("en", "de", "fr", "es", "ru", "ja")
LISTS: Final = (
    "currencies",
    "first_names_female",
    "first_names_male",
    "last_names",
    "time_zones",
    "user_agents",
    "words",
)
ADDED_LISTS: Final = (
    "english_words",
    "sentence_subjects",
    "sentence_verbs",
    "sentence_objects",
    "sentence_ends",
    *(f"first_names_{gender}_{locale}" for locale in _LOCALES for gender in ("female", "male")),
    *(f"last_names_{locale}" for locale in ("en", "de", "fr", "es", "female_ru", "male_ru", "ja")),
    *(f"streets_{locale}" for locale in _LOCALES),
    *(f"jobs_{locale}" for locale in _LOCALES),
    "cities",
    "countries",
    "products",
    "devices",
)


@cache
def joined(*names: str) -> StringDictionary:
    """The entries of these lists, concatenated, as a dictionary."""
    return StringDictionary([line for name in names for line in lines(name)])


@cache
def lines(name: str) -> tuple[str, ...]:
    """The entries of a list in order."""
    return tuple(_content(name).decode().removesuffix("\n").split("\n"))


@cache
def weighted(name: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The entries of a weighted list, and a table with each entry's number `weight` times."""
    rows = [line.split("\t", 1) for line in lines(name)]
    weights = [int(weight) for weight, _ in rows]
    table = np.repeat(np.arange(len(rows), dtype=np.int64), weights)
    return tuple(entry for _, entry in rows), table


def digest(names: Sequence[str] = LISTS) -> bytes:
    """A hash of lists: equal if, and only if, they have the same content."""
    state = blake2b(digest_size=16, person=b"eventer.data")
    for name in names:
        content = _content(name)
        state.update(f"{name} {len(content)}\n".encode())
        state.update(content)
    return state.digest()


def _content(name: str) -> bytes:
    return (files("eventer.functions") / "data" / f"{name}.txt").read_bytes()

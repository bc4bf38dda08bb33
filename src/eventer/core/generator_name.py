"""Names of generators: which texts are valid, and the names of generators without one.

A name is accepted wherever an id is. An id is a decimal number, so no name consists of digits only.
A name has one part or several, separated by `/`, so that it can be a path in an address. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from eventer.core.model import Target

MAX_NAME_LENGTH: Final = 128
_PART: Final = "[A-Za-z0-9][A-Za-z0-9._:-]*"
_NAME: Final = rf"(?![0-9]+$)(?!.{{{MAX_NAME_LENGTH + 1}}}){_PART}(/{_PART})*"
NAME_PATTERN: Final = f"^{_NAME}$"
REFERENCE_PATTERN: Final = f"^([0-9]{{1,20}}|{_NAME})$"
"""An id or a name."""
_INVALID: Final = re.compile(r"[^A-Za-z0-9._:/-]+")
_SLASH: Final = re.compile("/[._:/-]*")
_ENDS: Final = "._:/-"


def name_fault(text: str) -> str | None:
    """Why a text cannot be a name; None if it can."""
    if re.fullmatch(_NAME, text):
        return None
    if text.isdecimal() and text.isascii():
        return "must not consist of digits only, as ids do"
    if len(text) > MAX_NAME_LENGTH:
        return f"must have at most {MAX_NAME_LENGTH} characters"
    return (
        "must consist of A-Z, a-z, 0-9 and - _ . : /, with a letter or digit first and after each /"
    )


def derived_name(target: Target, event_id: str = "") -> str:
    """The name of a generator without one: its destination, then its event: `kafka:orders/e1`.

    An event called as its topic or table is left out. The name is valid, but not unique: see
    `UniqueNames`.
    """
    connection = _valid_part(target.connection) or target.kind
    location, event = _valid_part(target.location), _valid_part(event_id)
    parts = [part for part in dict.fromkeys((location, event)) if part]
    return f"{connection}:{'/'.join(parts) or 'generator'}"[:MAX_NAME_LENGTH].rstrip(_ENDS)


def _valid_part(text: str) -> str:
    return _SLASH.sub("/", _INVALID.sub("-", text)).strip(_ENDS)


class UniqueNames:
    """Makes names unique: `kafka:orders`, `kafka:orders-2`, `kafka:orders-3`.

    The result depends on the taken names and on the order of the calls only.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = taken
        self._given: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """This name, or with the first suffix that makes it unique."""
        number = self._next.get(name, 1)
        candidate = _with_suffix(name, number)
        while candidate in self._taken or candidate in self._given:
            number += 1
            candidate = _with_suffix(name, number)
        self._next[name] = number + 1
        self._given.add(candidate)
        return candidate


def _with_suffix(name: str, number: int) -> str:
    if number == 1:
        return name
    suffix = f"-{number}"
    return name[: MAX_NAME_LENGTH - len(suffix)].rstrip(_ENDS) + suffix

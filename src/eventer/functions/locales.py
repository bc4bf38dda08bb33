"""The locales of people, places and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import shown, text
from eventer.functions.spec import Parameter

LOCALES: Final = ("en", "de", "fr", "es", "ru", "ja")
_ALIASES: Final = {"uk": "gb"}
LOCALE: Final = Parameter("locale", "text", ", ".join(LOCALES[:-1]) + f" or {LOCALES[-1]}", "en")


def locale_of(function: str, value: JsonValue) -> str:
    """A locale argument.

    Raises:
        EvaluationError: there are no data for it.
    """
    return one_of(function, "locale", value, LOCALES)


def one_of(function: str, name: str, value: JsonValue, known: Sequence[str]) -> str:
    """An argument that is one of some texts.

    Raises:
        EvaluationError: it is another.
    """
    given = text(function, name, value)
    if given in known:
        return given
    raise EvaluationError(
        f"{function}: {name!r} is {shown(given)}, which is not supported",
        hint=_hint(given, known),
    )


def _hint(given: str, known: Sequence[str]) -> str:
    """The text that was probably meant, or all."""
    if len(known) == 1:
        return f"write '{known[0]}', or leave it out"
    meant = {each.lower(): each for each in known}
    found = meant.get(_ALIASES.get(given.lower(), given.lower()))
    return f"write '{found}'" if found else f"write one of {', '.join(known)}"

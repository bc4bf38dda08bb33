"""The locales of people, places and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import shown, text
from eventer.functions.spec import Parameter

LOCALES: Final = ("en", "de", "fr", "es", "ru", "ja")
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
        hint=f"write one of {', '.join(known)}",
    )

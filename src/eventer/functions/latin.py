"""Names in the letters a to z, for addresses of the internet."""

from __future__ import annotations

from typing import Final

_PLAIN: Final = str.maketrans(
    "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ", "aaaaaaceeeeiiiinooooouuuuyy"
)  # fmt: skip
_LIGATURES: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe"})
_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_CYRILLIC: Final = dict(
    zip(
        "\u0430\u0431\u0432\u0433\u0434\u0435\u0451\u0436\u0437\u0438\u0439\u043a\u043b\u043c\u043d"
        "\u043e\u043f\u0440\u0441\u0442\u0443\u0444\u0445\u0446\u0447\u0448\u0449\u044a\u044b\u044c"
        "\u044d\u044e\u044f",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)


def latin(name: str, locale: str) -> str:
    """A name in the letters a to z; other characters are left out."""
    text = name.lower()
    if locale == "de":
        text = text.translate(_GERMAN)
    text = "".join(_CYRILLIC.get(character, character) for character in text)
    text = text.translate(_LIGATURES).translate(_PLAIN)
    return "".join(character for character in text if "a" <= character <= "z")

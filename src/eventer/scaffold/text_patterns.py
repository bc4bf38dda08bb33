"""The regular expression of codes: texts that all have the same parts, such as `AB-1234`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_PART: Final = re.compile(r"[0-9]+|[A-Z]+|[a-z]+|[^0-9A-Za-z]")
_HEX: Final = re.compile(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]+")
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")
_MAX_PARTS: Final = 12
_MAX_LITERAL: Final = 4
_MIN_DISTINCT: Final = 20
_MAX_REPEATS: Final = 64


def common_pattern(values: Sequence[str]) -> str | None:
    """The pattern of all values; None if they are no codes.

    A few letters that all of many different values have in one place are taken over; other letters
    and digits are not.
    """
    distinct = set(values)
    if not distinct or any(not value.isascii() or not value.isprintable() for value in distinct):
        return None
    if all(_HEX.fullmatch(value) for value in distinct):
        return "[0-9a-f]" + _repeats(distinct)
    split = [_PART.findall(value) for value in distinct]
    kinds = {tuple(map(_kind, parts)) for parts in split}
    if len(kinds) != 1 or not 1 <= len(split[0]) <= _MAX_PARTS:
        return None
    (kind,) = kinds
    if "0" not in kind and ("a" in kind or " " in kind):
        return None  # words, not codes
    many = len(distinct) >= _MIN_DISTINCT
    return "".join(_part(set(texts), many=many) for texts in zip(*split, strict=True))


def _kind(part: str) -> str:
    """`0`, `A` or `a`; other characters are their own kind."""
    if part.isdigit():
        return "0"
    return part if not part.isalpha() else "A" if part.isupper() else "a"


def _part(texts: set[str], *, many: bool) -> str:
    first = next(iter(texts))
    kind = _kind(first)
    if kind not in "0Aa":
        return _SPECIAL.sub(r"\\\g<0>", kind)
    if many and len(texts) == 1 and kind != "0" and len(first) <= _MAX_LITERAL:
        return first
    return {"0": r"\d", "A": "[A-Z]", "a": "[a-z]"}[kind] + _repeats(texts)


def _repeats(texts: Iterable[str]) -> str:
    lengths = sorted({min(len(text), _MAX_REPEATS) for text in texts})
    least, most = lengths[0], lengths[-1]
    if least == most:
        return "" if least == 1 else f"{{{least}}}"
    return f"{{{least},{most}}}"

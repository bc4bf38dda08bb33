"""Parses the patterns of `get_pattern`: the part of regular expressions that describes texts.

Errors name the character of the pattern, counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from eventer.core.errors import EvaluationError

MAX_DEPTH: Final = 50
"""Groups within each other."""
MAX_CLASS: Final = 65_536
"""Characters of a class."""
OPEN_REPEATS: Final = 10
"""How many more repetitions than the lowest number `*`, `+` and `{m,}` make at most."""
MAX_REPEATS: Final = 1000

PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))
_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CLASSES: Final = {"d": _DIGITS, "w": _DIGITS + _LETTERS[:26] + "_" + _LETTERS[26:], "s": " "}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_HEX_DIGITS: Final = {"x": 2, "u": 4}
_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")
_FIRST_SURROGATE: Final = 0xD800
_LAST_SURROGATE: Final = 0xDFFF


@dataclass(frozen=True, slots=True)
class Characters:
    """One of the characters, each equally likely."""

    characters: str


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Items one after the other."""

    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of the alternatives, each equally likely."""

    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """From `least` to `most` times the item, each number equally likely."""

    item: Pattern
    least: int
    most: int


Pattern: TypeAlias = Characters | Concatenation | Alternatives | Repetition


def parse_pattern(text: str) -> Pattern:
    """The pattern of a text.

    Raises:
        EvaluationError: the text is not a pattern; the message names the character.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads a pattern from left to right; `_at` is the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Pattern:
        """The whole pattern; `^` at its begin and `$` at its end have no effect."""
        self._skip("^")
        found = self._alternatives()
        if self._at < len(self._text):
            raise self._error(self._at, "')' closes no group", "write \\) for the character")
        return found

    # -- structure ------------------------------------------------------------------------------

    def _alternatives(self) -> Pattern:
        found = [self._concatenation()]
        while self._skip("|"):
            found.append(self._concatenation())
        return found[0] if len(found) == 1 else Alternatives(tuple(found))

    def _concatenation(self) -> Pattern:
        items: list[Pattern] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            if self._text[self._at] == "$" and self._at == len(self._text) - 1:
                self._at += 1
                break
            items.append(self._repeated())
        return items[0] if len(items) == 1 else Concatenation(tuple(items))

    def _repeated(self) -> Pattern:
        item = self._item()
        start = self._at
        bounds = self._bounds()
        if bounds is None:
            return item
        least, most = bounds
        if self._peek() in {"?", "*", "+", "{"}:
            raise self._error(
                self._at,
                "a repetition is repeated or lazy, which is not supported",
                "put the repeated part in a group, such as (a{2}){3}",
            )
        if most > MAX_REPEATS:
            raise self._error(start, f"more than {MAX_REPEATS} repetitions", "ask for fewer")
        return Repetition(item, least, most)

    def _bounds(self) -> tuple[int, int] | None:
        """The numbers of a repetition, or None without one."""
        if self._skip("?"):
            return 0, 1
        if self._skip("*"):
            return 0, OPEN_REPEATS
        if self._skip("+"):
            return 1, OPEN_REPEATS
        return self._counts() if self._peek() == "{" else None

    def _counts(self) -> tuple[int, int]:
        start = self._at
        self._at += 1
        least = self._count()
        most = least
        if self._skip(","):
            most = self._count()
            if most is None and least is not None:
                most = least + OPEN_REPEATS
        if least is None or most is None or not self._skip("}"):
            raise self._error(
                start,
                "a repetition is not complete",
                "write {3}, {2,5} or {2,}; write \\{ for the character",
            )
        if least > most:
            raise self._error(start, f"{least} is above {most}", "write the lower number first")
        return least, most

    def _count(self) -> int | None:
        start = self._at
        while self._peek() in set(_DIGITS) and self._at < start + 6:
            self._at += 1
        return int(self._text[start : self._at]) if self._at > start else None

    def _item(self) -> Pattern:
        start, character = self._at, self._text[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return Characters(self._escape())
        if character == ".":
            self._at += 1
            return Characters(PRINTABLE)
        if character in "^$":
            raise self._error(
                start,
                f"{character!r} is only supported at the {'begin' if character == '^' else 'end'} "
                "of the pattern",
                f"write \\{character} for the character",
            )
        if character in "?*+{":
            raise self._error(
                start, f"{character!r} repeats nothing", f"write \\{character} for the character"
            )
        self._at += 1
        return Characters(self._valid(start, character))

    def _group(self) -> Pattern:
        start = self._at
        self._at += 1
        if self._peek() == "?" and not self._skip("?:"):
            raise self._error(
                start,
                "groups that begin with (? are not supported, except (?:",
                "write the group as (…)",
            )
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(start, f"more than {MAX_DEPTH} groups within each other")
        found = self._alternatives()
        self._depth -= 1
        if not self._skip(")"):
            raise self._error(start, "the group is not closed", "write ) at its end")
        return found

    # -- characters -----------------------------------------------------------------------------

    def _class(self) -> Pattern:
        start = self._at
        self._at += 1
        negated = self._skip("^")
        found: dict[str, None] = {}
        first = self._at
        while self._peek() != "]" or self._at == first:
            if self._at >= len(self._text):
                raise self._error(start, "the class is not closed", "write ] at its end")
            found.update(dict.fromkeys(self._members()))
        self._at += 1
        characters = "".join(c for c in PRINTABLE if c not in found) if negated else "".join(found)
        if not characters:
            raise self._error(start, "the class has no characters")
        if len(characters) > MAX_CLASS:
            raise self._error(start, f"the class has more than {MAX_CLASS:,} characters")
        return Characters(characters)

    def _members(self) -> str:
        """The characters of the next member of a class: a character, a range or an escape."""
        start = self._at
        low = self._member()
        following = self._text[self._at + 1 : self._at + 2]
        if len(low) != 1 or self._peek() != "-" or following in {"]", ""}:
            return low
        self._at += 1
        high = self._member()
        if len(high) != 1:
            raise self._error(start, "a range ends with a class", "write \\- for the character")
        if low > high:
            raise self._error(
                start, f"the range {low}-{high} is empty", "write the lower end first"
            )
        codes = range(ord(low), ord(high) + 1)
        if len(codes) > MAX_CLASS:
            raise self._error(start, f"the class has more than {MAX_CLASS:,} characters")
        return "".join(chr(c) for c in codes if not _FIRST_SURROGATE <= c <= _LAST_SURROGATE)

    def _member(self) -> str:
        start = self._at
        if self._text[start] == "\\":
            return self._escape()
        if self._text.startswith(("[:", "[=", "[."), start):
            raise self._error(
                start, "named classes are not supported", "write a range, such as a-z"
            )
        self._at += 1
        return self._valid(start, self._text[start])

    def _escape(self) -> str:
        """The characters of an escape."""
        start = self._at
        name = self._text[start + 1 : start + 2]
        self._at += 2
        if name in _CLASSES:
            return _CLASSES[name]
        if name.lower() in _CLASSES and name:
            excluded = _CLASSES[name.lower()]
            return "".join(c for c in PRINTABLE if c not in excluded)
        if name in _HEX_DIGITS:
            return self._code_point(start, _HEX_DIGITS[name])
        if name in _CONTROLS:
            return _CONTROLS[name]
        if not name or name.isalnum():
            raise self._error(
                start,
                f"'\\{name}' is not supported",
                "write \\d, \\w, \\s, \\t, \\n, \\xhh or \\uhhhh, or \\ before a sign",
            )
        return self._valid(start, name)

    def _code_point(self, start: int, width: int) -> str:
        digits = self._text[self._at : self._at + width]
        if len(digits) < width or not set(digits) <= set("0123456789abcdefABCDEF"):
            raise self._error(start, f"{width} hexadecimal digits must follow")
        self._at += width
        return self._valid(start, chr(int(digits, 16)))

    def _valid(self, start: int, character: str) -> str:
        if _FIRST_SURROGATE <= ord(character) <= _LAST_SURROGATE:
            raise self._error(start, "an unpaired surrogate is not a character")
        return character

    # -- reading --------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _error(self, at: int, problem: str, hint: str | None = None) -> EvaluationError:
        return EvaluationError(f"get_pattern: 'regex', character {at + 1}: {problem}", hint=hint)

"""`get_pattern`: texts that match a regular expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import text
from eventer.functions.columns import Column
from eventer.functions.pattern_parser import (
    OPEN_REPEATS,
    Alternatives,
    Characters,
    Concatenation,
    Pattern,
    Repetition,
    parse_pattern,
)
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import RandomText
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, Parameter, ReturnType
from eventer.functions.string_building import Alphabet, StringDictionary
from eventer.functions.text_numbers import BoundedNumber, LaneNumber
from eventer.functions.text_parts import (
    ConditionalPart,
    DictionaryPart,
    LettersPart,
    LiteralPart,
    SequencePart,
    ShortenedPart,
    TextPart,
)
from eventer.kernels import draw

MAX_CHARACTERS: Final = 1000
"""The most characters of all alternatives together, with each repetition written out."""
_LANES_PER_WORD: Final = 4
_MAX_LANE_CHOICES: Final = 256
_ESCAPED: Final = frozenset(map(chr, range(0x20))) | {'"', "\\"}
_CACHED_PATTERNS: Final = 64


@dataclass(frozen=True, slots=True)
class PatternText(BoundCall):
    """A text of the pattern."""

    random_text: RandomText
    escaped: bool

    @property
    def needs_escapes(self) -> bool:
        """See `BoundCall.needs_escapes`."""
        return self.escaped

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return self.random_text.column(key, context.index)


class _PartWriter:
    """Makes the parts of a pattern; numbers choices, each a word, and characters, each a lane.

    The lanes follow the words of the choices, whose number is known after a first time.
    """

    def __init__(self, choices: int) -> None:
        self.choices = 0
        self.lanes = _LANES_PER_WORD * choices

    def part(self, pattern: Pattern) -> TextPart:
        """The part of a pattern."""
        match pattern:
            case Characters():
                return self._characters(pattern, 1)
            case Repetition(item=Characters() as item, most=most) if _is_ascii(item):
                return self._run(item, pattern.least, most)
            case Repetition():
                return self._repetition(pattern)
            case Alternatives(items=items):
                return self._alternatives(items)
            case Concatenation(items=items):
                return SequencePart(tuple(self._merged(items)))

    def _merged(self, items: Sequence[Pattern]) -> Iterator[TextPart]:
        """The parts of items; neighbouring literals are one."""
        for literal, group in groupby(items, _is_literal):
            if literal:
                yield LiteralPart("".join(_literal(item) for item in group).encode())
            else:
                yield from map(self.part, group)

    def _choice(self, size: int) -> BoundedNumber:
        self.choices += 1
        return BoundedNumber(self.choices - 1, (size,))

    def _characters(self, item: Characters, count: int) -> TextPart:
        """A part with `count` of the characters."""
        characters = item.characters
        if len(characters) == 1:
            return LiteralPart(characters.encode() * count)
        if not _is_ascii(item):
            return SequencePart(tuple(self._entry(characters) for _ in range(count)))
        self.lanes += count
        return LettersPart(_alphabet(characters), self.lanes - count, self.lanes)

    def _entry(self, characters: str) -> TextPart:
        if len(characters) > _MAX_LANE_CHOICES:
            return DictionaryPart(_dictionary(characters), self._choice(len(characters)))
        self.lanes += 1
        number = LaneNumber(self.lanes - 1, len(characters))
        return DictionaryPart(_dictionary(characters), number)

    def _run(self, item: Characters, least: int, most: int) -> TextPart:
        """ASCII characters: the most that there may be, of which the last are dropped."""
        run = self._characters(item, most)
        return run if least == most else ShortenedPart(run, self._choice(most - least + 1))

    def _repetition(self, pattern: Repetition) -> TextPart:
        least, choices = pattern.least, pattern.most - pattern.least + 1
        parts = [self.part(pattern.item) for _ in range(least)]
        if choices > 1:
            number = self._choice(choices)
            for place in range(choices - 1):
                shown = tuple(chosen > place for chosen in range(choices))
                parts.append(ConditionalPart(number, shown, self.part(pattern.item)))
        return SequencePart(tuple(parts))

    def _alternatives(self, items: Sequence[Pattern]) -> TextPart:
        if all(map(_is_text, items)):
            entries = StringDictionary([_literal(item) for item in items])
            return DictionaryPart(entries, self._choice(len(items)))
        number = self._choice(len(items))
        parts = []
        for place, item in enumerate(items):
            shown = tuple(chosen == place for chosen in range(len(items)))
            parts.append(ConditionalPart(number, shown, self.part(item)))
        return SequencePart(tuple(parts))


@lru_cache(maxsize=256)
def _alphabet(characters: str) -> Alphabet:
    return Alphabet(characters.encode())


@lru_cache(maxsize=16)
def _dictionary(characters: str) -> StringDictionary:
    return StringDictionary(characters)


def _is_ascii(item: Characters) -> bool:
    return item.characters.isascii()


def _is_literal(item: Pattern) -> bool:
    return isinstance(item, Characters) and len(item.characters) == 1


def _is_text(item: Pattern) -> bool:
    """Whether a pattern has one text only."""
    if isinstance(item, Concatenation):
        return all(map(_is_literal, item.items))
    return _is_literal(item)


def _literal(item: Pattern) -> str:
    if isinstance(item, Concatenation):
        return "".join(map(_literal, item.items))
    assert isinstance(item, Characters)
    return item.characters


def _size(pattern: Pattern) -> int:
    """The characters of a pattern with each repetition written out."""
    if isinstance(pattern, Characters):
        return 1
    if isinstance(pattern, Repetition):
        return pattern.most * max(_size(pattern.item), 1)
    return sum(map(_size, pattern.items)) + (isinstance(pattern, Alternatives) * len(pattern.items))


def _has_escapes(pattern: Pattern) -> bool:
    """Whether a text of the pattern may have a character that JSON escapes."""
    if isinstance(pattern, Characters):
        return not _ESCAPED.isdisjoint(pattern.characters)
    if isinstance(pattern, Repetition):
        return _has_escapes(pattern.item)
    return any(map(_has_escapes, pattern.items))


@lru_cache(maxsize=_CACHED_PATTERNS)
def _pattern_text(regex: str) -> PatternText:
    if len(regex) > 10 * MAX_CHARACTERS:
        raise EvaluationError(f"get_pattern: 'regex' is longer than {10 * MAX_CHARACTERS:,}")
    pattern = parse_pattern(regex)
    if _size(pattern) > MAX_CHARACTERS:
        raise EvaluationError(
            f"get_pattern: 'regex' has more than {MAX_CHARACTERS:,} characters when its "
            "repetitions are written out",
            hint="lower the numbers of repetitions, or join several patterns with +",
        )
    first = _PartWriter(0)
    first.part(pattern)
    writer = _PartWriter(first.choices)
    part = writer.part(pattern)
    words = [RandomWord((word,)) for word in range(-(-writer.lanes // _LANES_PER_WORD))]
    # A text without random characters still reads a word, because programs have one at least.
    return PatternText(RandomText(words or [RandomWord((0,))], [part]), _has_escapes(pattern))


def _bind(arguments: Sequence[JsonValue]) -> BoundCall:
    return _pattern_text(text("get_pattern", "regex", arguments[0]))


GET_PATTERN: Final = FunctionSpec(
    name="get_pattern",
    parameters=(Parameter("regex", "a regular expression", "what the whole text matches"),),
    return_type=ReturnType.TEXT,
    doc="A text that matches the regular expression. Each alternative of a group, each character "
    "of a class and each number of repetitions is equally likely.\n\n"
    "Supported are characters, `.`, classes (`[a-z0-9_]`, `[^0-9]`), `\\d`, `\\w`, `\\s` (a "
    "space), `\\D`, `\\W`, `\\S`, `\\t`, `\\n`, `\\r`, `\\f`, `\\v`, `\\xhh`, `\\uhhhh`, `\\` "
    "before a sign, groups (`(…)` and `(?:…)`), alternatives (`a|b`) and repetitions (`?`, "
    "`{3}`, `{2,5}`). `.` and negated classes take the printable ASCII characters. `*`, `+` and "
    f"`{{m,}}` repeat at most {OPEN_REPEATS} times (`{{m,}}`: at most m + {OPEN_REPEATS}). `^` at "
    "the begin and `$` at the end are allowed. Everything else, such as back references, "
    "look-ahead and lazy repetitions, is an error that names the character. With its repetitions "
    f"written out a pattern has at most {MAX_CHARACTERS:,} characters.\n\n"
    "Jsonnet text in `@'…'` keeps backslashes as they are.",
    examples=(
        "get_pattern(@'[A-Z]{3}-\\d{4}')",
        "get_pattern('(red|green|blue)-[0-9a-f]{6}')",
        "get_pattern(@'v\\d\\.\\d{1,2}(-(alpha|beta))?')",
    ),
    bind=_bind,
    needs_escapes=True,
)

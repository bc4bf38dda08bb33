"""Parts of texts with English words and sentences.

A sentence is a subject, a verb in the past tense, an object and an end, each chosen by a lane of
one word: every combination is a sentence. The numbers of choices are powers of two, so that all
are equally likely.
"""

from __future__ import annotations

from functools import cache

from eventer.functions import data_files
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, LaneNumber, NumberSource
from eventer.functions.text_parts import (
    ConditionalPart,
    DictionaryPart,
    LiteralPart,
    SequencePart,
    TextPart,
)

_LANES_PER_WORD = 4


def words_part(first: int, least: int, most: int) -> TextPart:
    """From `least` to `most` words of English; word `first` chooses their number."""
    entries = data_files.joined("english_words")
    items: list[TextPart] = [
        DictionaryPart(entries, BoundedNumber(first + 1 + place, (len(entries),)))
        for place in range(most)
    ]
    return _series(items, BoundedNumber(first, (most - least + 1,)), least)


def sentences_part(first: int, least: int, most: int) -> TextPart:
    """From `least` to `most` sentences; word `first` chooses their number."""
    items: list[TextPart] = [sentence_part(first + 1 + place) for place in range(most)]
    return _series(items, BoundedNumber(first, (most - least + 1,)), least)


def sentence_part(word: int) -> TextPart:
    """The sentence of a word."""
    pieces = [
        DictionaryPart(entries, LaneNumber(_LANES_PER_WORD * word + place, len(entries)))
        for place, entries in enumerate(_sentence_parts())
    ]
    return SequencePart(tuple(pieces))


@cache
def _sentence_parts() -> tuple[StringDictionary, ...]:
    """The parts of a sentence."""
    return tuple(map(StringDictionary, sentence_forms()))


@cache
def sentence_forms() -> tuple[tuple[str, ...], ...]:
    """The choices of each part of a sentence, as the sentence has them."""
    subjects, verbs, objects, ends = (
        data_files.lines(f"sentence_{part}") for part in ("subjects", "verbs", "objects", "ends")
    )
    spaced = tuple(f" {verb} " for verb in verbs)
    return subjects, spaced, objects, tuple(f" {end}." if end else "." for end in ends)


def _series(items: list[TextPart], more: NumberSource, least: int) -> TextPart:
    """The first items with spaces between: `least` and as many more as a number says."""
    parts: list[TextPart] = []
    for place, item in enumerate(items):
        part = SequencePart((LiteralPart(b" "), item)) if place else item
        shown = tuple(count > place for count in range(least, len(items) + 1))
        parts.append(part if all(shown) else ConditionalPart(more, shown, part))
    return SequencePart(tuple(parts))

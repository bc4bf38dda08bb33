"""Latin words, sentences and paragraphs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import perm
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn, StringColumn
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.rand_data.field_keys import codes, named_key
from eventer.functions.random_texts import TextDefinition, text_field, word
from eventer.functions.random_texts import words as random_words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.text_numbers import BoundedNumber, NumberSource
from eventer.functions.text_parts import PartBytes
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS: Final = 6
_SENTENCES: Final = 10


@cache
def _forms() -> pa.LargeStringArray:
    """The forms of each word: first in a sentence, within it, last, and last before another.

    A sentence is six of these forms, joined while Arrow's `take` copies them.
    """
    import pyarrow as pa

    found = data_files.lines("words")
    first = [word.capitalize() for word in found]
    inner = [f" {word}" for word in found]
    last = [f" {word}." for word in found]
    return pa.array(first + inner + last + [f"{form} " for form in last], type=pa.large_string())


def _sentences(drawn: draw.Words) -> NDArray[np.int64]:
    """The forms of one sentence per drawn word, a row per sentence.

    The drawn word is scaled to the number of ordered choices of six different words and written in
    mixed radix: each digit chooses one of the remaining words.
    """
    size = len(data_files.lines("words"))
    rest = draw.scaled(drawn, perm(size, _WORDS))
    forms = np.empty((len(drawn), _WORDS), dtype=np.int64)
    taken: list[NDArray[np.int64]] = []
    for place in range(_WORDS):
        left = np.uint64(size - place)
        higher = rest // left
        code = _unused_by_rank((rest - higher * left).view(np.int64), taken)
        forms[:, place] = code + size * min(place, 1) + size * (place == _WORDS - 1)
        rest = higher
    return forms


def _unused_by_rank(rank: NDArray[np.int64], taken: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Numbers by their rank among those not taken; adds them to `taken`, which is ascending."""
    code = rank.copy()
    for other in taken:
        code += code >= other
    carried = code
    for i, other in enumerate(taken):
        taken[i], carried = np.minimum(other, carried), np.maximum(other, carried)
    taken.append(carried)
    return code


def _write_text(forms: NDArray[np.int64], sentences: NDArray[np.int64]) -> StringColumn:
    """The joined forms; row i has the sentences from sentences[i] to sentences[i + 1]."""
    import pyarrow as pa

    joined = _forms().take(pa.array(forms.reshape(-1)))
    offsets = np.frombuffer(joined.buffers()[1], dtype=np.int64)[: forms.size + 1]
    data = np.frombuffer(joined.buffers()[2], dtype=np.uint8)[: offsets[-1]]
    return StringColumn(data, offsets[sentences * _WORDS])


def _word(key: draw.Key, index: draw.Index) -> Column:
    found = data_files.lines("words")
    return DictionaryColumn(codes(key, "word", index, len(found)), found)


def _sentence(key: draw.Key, index: draw.Index) -> Column:
    if draw.use_compiled(len(index)):
        return _compiled_sentence(key, index)
    forms = _sentences(draw.draw_column(named_key(key, "sentence"), index))
    return _write_text(forms, np.arange(len(index) + 1, dtype=np.int64))


def _paragraph(key: draw.Key, index: draw.Index) -> Column:
    if draw.use_compiled(len(index)):
        return _compiled_paragraph(key, index)
    drawn = draw.draw_matrix(named_key(key, "paragraph"), index, 1 + _SENTENCES)
    counts = draw.bounded_column(drawn[:, 0], 1, _SENTENCES)
    forms = _sentences(drawn[:, 1:][np.arange(_SENTENCES) < counts[:, np.newaxis]])
    ends = np.zeros(len(index) + 1, dtype=np.int64)
    np.cumsum(counts, out=ends[1:])
    forms[:, -1] += len(data_files.lines("words"))
    forms[ends[1:] - 1, -1] -= len(data_files.lines("words"))
    return _write_text(forms, ends)


@text_field
def _compiled_sentence() -> TextDefinition:
    return [word("sentence")], (SentencesPart(0),)


@text_field
def _compiled_paragraph() -> TextDefinition:
    drawn = random_words("paragraph", 1 + _SENTENCES)
    return drawn, (SentencesPart(1, BoundedNumber(0, (_SENTENCES,), (1,))),)


@dataclass(frozen=True, slots=True)
class SentencesPart:
    """Sentences with spaces between: a number of them, or one; for programs only."""

    first: int
    count: NumberSource | None = None

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        longest = max(map(len, data_files.lines("words")))
        return (_SENTENCES if self.count else 1) * (_WORDS * (longest + 1) + 1)

    def write_text(self, words: draw.Words) -> PartBytes:
        """Not used: arrays write sentences with `_write_text`."""
        raise NotImplementedError

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        found = data_files.lines("words")
        forms = [*map(str.capitalize, found), *(f" {w}" for w in found), *(f" {w}." for w in found)]
        lefts = [len(found) - place for place in range(_WORDS)]
        # The factor of the division is rounded up: exact for numbers below 2^64 / left.
        radices = [perm(len(found), _WORDS)]
        radices += [number for left in lefts for number in (left, -(-(1 << 64) // left))]
        count = self.count.emit(program) if self.count else -1
        dictionary, table = program.dictionary(tuple(forms)), program.table(radices)
        program.add(TextOp.SENTENCES, count, self.first, dictionary, table)


FIELDS: Final = (
    FieldSpec("word", ReturnType.TEXT, "A Latin word.", _word),
    FieldSpec(
        "sentence",
        ReturnType.TEXT,
        "Six different Latin words, the first with a capital, and a full stop.",
        _sentence,
    ),
    FieldSpec("paragraph", ReturnType.TEXT, "One to ten such sentences.", _paragraph),
)

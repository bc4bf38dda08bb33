"""`get_words` and `get_sentences`: English text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args
from eventer.functions.columns import Column
from eventer.functions.english_text import sentences_part, words_part
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import RandomText
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
)
from eventer.functions.text_parts import TextPart
from eventer.functions.varying_texts import SentenceItems, VaryingText, WordItems
from eventer.kernels import draw

MAX_COUNT: Final = 200
"""The most words, and the most sentences, of a text."""
_CACHED_TEXTS: Final = 64


TextPartOf: TypeAlias = Callable[[int, int, int], TextPart]


@dataclass(frozen=True, slots=True)
class EnglishText(BoundCall):
    """Words or sentences, in all rows between the same numbers."""

    random_text: RandomText

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return self.random_text.column(key, context.index)


@dataclass(frozen=True, slots=True)
class VaryingEnglishText(BoundCall):
    """Words or sentences, in each row between its numbers."""

    text: VaryingText
    least: args.Integers
    most: args.Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        least, most = (
            np.broadcast_to(np.asarray(each, dtype=np.int64), context.rows)
            for each in (self.least, self.most)
        )
        return self.text.column(key, context.index, least, most)


@lru_cache(maxsize=_CACHED_TEXTS)
def _text(part: TextPartOf, least: int, most: int) -> EnglishText:
    words = [RandomWord((word,)) for word in range(most + 1)]
    return EnglishText(RandomText(words, [part(0, least, most)]))


def _binder(
    function: str, part: TextPartOf, varying: VaryingText
) -> Callable[[Sequence[Any]], BoundCall]:
    def bind(arguments: Sequence[Any]) -> BoundCall:
        least = args.whole(function, "min", arguments[0])
        most = args.whole(function, "max", arguments[1])

        def error(row: int) -> EvaluationError:
            return EvaluationError(
                f"{function}: 'min' is {args.at(least, row)} and 'max' is {args.at(most, row)}: "
                f"'min' must be at least 1, and 'max' from 'min' to {MAX_COUNT}",
                hint=f"write {function}(3, 8)",
            )

        args.require((least >= 1) & (least <= most) & (most <= MAX_COUNT), error)
        if isinstance(least, int) and isinstance(most, int):
            return _text(part, least, most)
        return VaryingEnglishText(varying, least, most)

    return bind


_PARAMETERS: Final = (
    Parameter("min", "a whole number", "the least, from 1 on", column=ColumnKind.INTEGER),
    Parameter("max", "a whole number", f"the most, up to {MAX_COUNT}", column=ColumnKind.INTEGER),
)

GET_WORDS: Final = FunctionSpec(
    name="get_words",
    parameters=_PARAMETERS,
    return_type=ReturnType.TEXT,
    doc="English words in lower case, with spaces between. Each number of words from `min` to "
    "`max` is equally likely, and so is each word.",
    examples=("get_words(1, 3)", "get_words(5, 5)"),
    bind=_binder("get_words", words_part, VaryingText(WordItems())),
)

GET_SENTENCES: Final = FunctionSpec(
    name="get_sentences",
    parameters=_PARAMETERS,
    return_type=ReturnType.TEXT,
    doc="English sentences of five to eleven words, each with a subject, a verb, an object, a "
    "capital and a full stop, with spaces between. Each number of sentences from `min` to `max` "
    "is equally likely.",
    examples=("get_sentences(1, 1)", "get_sentences(2, 5)"),
    bind=_binder("get_sentences", sentences_part, VaryingText(SentenceItems())),
)

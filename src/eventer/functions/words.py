"""`get_words` and `get_sentences`: English text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.columns import Column
from eventer.functions.english_text import sentences_part, words_part
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import RandomText
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, Parameter, ReturnType
from eventer.functions.text_parts import TextPart
from eventer.kernels import draw

MAX_COUNT: Final = 200
"""The most words, and the most sentences, of a text."""
_CACHED_TEXTS: Final = 64


@dataclass(frozen=True, slots=True)
class EnglishText(BoundCall):
    """Words or sentences."""

    random_text: RandomText

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return self.random_text.column(key, context.index)


@lru_cache(maxsize=_CACHED_TEXTS)
def _text(part: Callable[[int, int, int], TextPart], least: int, most: int) -> EnglishText:
    words = [RandomWord((word,)) for word in range(most + 1)]
    return EnglishText(RandomText(words, [part(0, least, most)]))


def _binder(
    function: str, part: Callable[[int, int, int], TextPart]
) -> Callable[[Sequence[JsonValue]], BoundCall]:
    def bind(arguments: Sequence[JsonValue]) -> BoundCall:
        least = args.constant_whole(function, "min", arguments[0])
        most = args.constant_whole(function, "max", arguments[1])
        if not 1 <= least <= most <= MAX_COUNT:
            raise EvaluationError(
                f"{function}: 'min' is {least} and 'max' is {most}: 'min' must be at least 1, and "
                f"'max' from 'min' to {MAX_COUNT}",
                hint=f"write {function}(3, 8)",
            )
        return _text(part, least, most)

    return bind


_PARAMETERS: Final = (
    Parameter("min", "a whole number", "the least, from 1 on"),
    Parameter("max", "a whole number", f"the most, up to {MAX_COUNT}"),
)

GET_WORDS: Final = FunctionSpec(
    name="get_words",
    parameters=_PARAMETERS,
    return_type=ReturnType.TEXT,
    doc="English words in lower case, with spaces between. Each number of words from `min` to "
    "`max` is equally likely, and so is each word.",
    examples=("get_words(1, 3)", "get_words(5, 5)"),
    bind=_binder("get_words", words_part),
)

GET_SENTENCES: Final = FunctionSpec(
    name="get_sentences",
    parameters=_PARAMETERS,
    return_type=ReturnType.TEXT,
    doc="English sentences of five to eleven words, each with a subject, a verb, an object, a "
    "capital and a full stop, with spaces between. Each number of sentences from `min` to `max` "
    "is equally likely.",
    examples=("get_sentences(1, 1)", "get_sentences(2, 5)"),
    bind=_binder("get_sentences", sentences_part),
)

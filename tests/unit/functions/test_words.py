"""Words and sentences of English."""

import re

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions import data_files
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.spec import BatchContext
from eventer.functions.words import GET_SENTENCES, GET_WORDS
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 2000
SENTENCE = re.compile(r"[A-Z][a-z]*( [a-zA-Z]+){3,12}\.")


def texts(function, least, most):
    index = np.arange(ROWS)
    return function.call((least, most)).column(7, BatchContext(index, index)).to_list()


def test_words_are_of_the_list_and_their_numbers_are_equally_likely():
    words = [text.split(" ") for text in texts(GET_WORDS, 2, 6)]
    assert {word for each in words for word in each} <= set(data_files.lines("english_words"))
    assert fit.chi_square(np.bincount([len(each) for each in words])[2:]) > fit.LEVEL


def test_sentences_read_as_such():
    sentences = texts(GET_SENTENCES, 1, 1)
    assert all(SENTENCE.fullmatch(text) for text in sentences)
    assert 4 <= np.mean([len(text.split()) for text in sentences]) <= 12
    assert len(set(sentences)) > 0.99 * ROWS


def test_sentences_follow_each_other():
    found = [re.findall(r"[^.]*\.", text) for text in texts(GET_SENTENCES, 2, 4)]
    assert fit.chi_square(np.bincount([len(each) for each in found])[2:]) > fit.LEVEL
    assert all(SENTENCE.fullmatch(each.strip()) for text in found for each in text)


@family("part", ["subjects", "verbs", "objects", "ends"])
def test_the_numbers_of_sentence_parts_are_powers_of_two(part):
    size = len(data_files.lines(f"sentence_{part}"))
    assert size & (size - 1) == 0


@pytest.mark.parametrize(("least", "most"), [(0, 3), (4, 3), (1, 201)])
def test_numbers_out_of_range_are_refused(least, most):
    with pytest.raises(EvaluationError, match="'max' from 'min' to 200"):
        GET_WORDS.call((least, most))


def test_a_number_with_a_fraction_is_refused():
    with pytest.raises(EvaluationError, match="'min' must be a whole number"):
        GET_SENTENCES.call((1.5, 2))


@family("function", [GET_WORDS, GET_SENTENCES])
@family("key", [7, np.arange(5000, dtype=np.uint64) * 3])
def test_numbers_that_differ_between_rows_give_the_texts_of_each_row(function, key):
    index = np.arange(5000)
    least, most = index % 3 + 1, index % 3 + 1 + index % 5
    context = BatchContext(index, index)
    found = function.call((least, most)).column(key, context).to_list()
    for pair in {(1, 1), (2, 5), (3, 6)}:
        same = function.call(pair).column(key, context).to_list()
        rows = np.flatnonzero((least == pair[0]) & (most == pair[1]))
        assert len(rows)
        assert [found[row] for row in rows] == [same[row] for row in rows]
    capped = function.call((2, most + 1)).column(key, context).to_list()
    assert len(capped) == len(found)


def test_rows_with_wrong_numbers_are_named():
    with pytest.raises(InvalidRowsError) as caught:
        GET_WORDS.call((np.array([1, 0, 5]), 4))
    assert caught.value.rows.tolist() == [False, True, True]
    assert "'min' is 0 and 'max' is 4" in caught.value.message

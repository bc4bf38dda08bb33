"""Words of entities."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from eventer.kernels.draw import entity_words


@given(st.lists(st.text(max_size=30)))
def test_a_column_of_texts_has_the_words_of_its_texts(texts):
    array = pa.array(["before", *texts], type=pa.large_string())
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[1 : len(texts) + 2]
    words = entity_words.text_words(np.frombuffer(data, dtype=np.uint8), starts)
    assert words.tolist() == [entity_words.text_word(text) for text in texts]


@given(st.lists(st.floats(allow_nan=False)))
def test_a_column_of_numbers_has_the_words_of_its_numbers(numbers):
    words = entity_words.number_words(np.array(numbers, dtype=np.float64))
    assert words.tolist() == [entity_words.number_word(number) for number in numbers]


def test_words_are_fixed():
    assert entity_words.text_word("") == 16294208416658607535
    assert entity_words.text_word("a") == 4490210150949542640
    assert entity_words.text_word("abcdefghi") == 6643350042676732447
    assert entity_words.number_word(-0.0) == entity_words.number_word(0.0)


def test_texts_with_zeros_at_their_end_differ():
    assert len({entity_words.text_word("a" + "\0" * count) for count in range(20)}) == 20

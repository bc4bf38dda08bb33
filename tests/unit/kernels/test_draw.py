"""The draw, against a reference that follows the specification word by word."""

import json
import math
from hashlib import blake2b
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eventer.kernels import draw
from eventer.kernels.draw import entity_words
from eventer.kernels.draw.permutations import permuted
from tests.families import family

WORD = 1 << 64
words = st.integers(0, WORD - 1)
indices = st.integers(0, (1 << 63) - 1)


def reference_mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def reference_child(key: int, step: int) -> int:
    return reference_mix(key ^ reference_mix((step + 0x9E3779B97F4A7C15) % WORD))


def reference_draw(key: int, index: int) -> int:
    """SplitMix64 by its definition: its state grows by a constant before each output."""
    state = (key + index * 0x9E3779B97F4A7C15) % WORD
    state = (state + 0x9E3779B97F4A7C15) % WORD
    return reference_mix(state)


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def test_splitmix64_of_seed_1234567_gives_its_published_outputs() -> None:
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [draw.draw(1234567, n) for n in range(5)] == published


@given(words, indices)
def test_draw_equals_the_reference(key: int, index: int) -> None:
    assert draw.draw(key, index) == reference_draw(key, index)


@given(words, st.lists(indices, min_size=1, max_size=20))
def test_draw_column_equals_draw(key: int, index: list[int]) -> None:
    expected = [reference_draw(key, n) for n in index]
    assert draw.draw_column(key, np.array(index, dtype=np.int64)).tolist() == expected
    assert draw.draw_column(key, np.array(index, dtype=np.uint64)).tolist() == expected


@given(st.lists(st.tuples(words, indices), min_size=1, max_size=20))
def test_draw_column_takes_a_key_for_each_row(rows: list[tuple[int, int]]) -> None:
    keys = draw.key_column([key for key, _ in rows])
    index = np.array([n for _, n in rows], dtype=np.int64)
    assert draw.draw_column(keys, index).tolist() == [reference_draw(key, n) for key, n in rows]


def test_draw_column_does_not_change_its_arguments() -> None:
    keys, index = column(1, 2), np.array([3, 4], dtype=np.int64)
    draw.draw_column(keys, index)
    draw.child_column(keys, index)
    assert keys.tolist() == [1, 2]
    assert index.tolist() == [3, 4]


@given(words, st.integers(0, 1 << 70))
def test_child_equals_the_reference_with_steps_modulo_2_to_the_64(key: int, step: int) -> None:
    assert draw.child(key, step) == reference_child(key, step % WORD)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_child_column_equals_child(rows: list[tuple[int, int]]) -> None:
    keys, steps = column(*(k for k, _ in rows)), column(*(s for _, s in rows))
    key, step = rows[0]
    assert draw.child_column(keys, steps).tolist() == [reference_child(k, s) for k, s in rows]
    assert draw.child_column(keys, step).tolist() == [reference_child(k, step) for k, _ in rows]
    assert draw.child_column(key, steps).tolist() == [reference_child(key, s) for _, s in rows]
    assert draw.child_key(key, step) == reference_child(key, step)


def test_descend_applies_its_steps_in_order() -> None:
    assert draw.descend(5, 6, 7) == reference_child(reference_child(5, 6), 7)
    assert draw.descend(5) == 5


@given(st.text())
def test_step_of_is_a_personalised_blake2b(text: str) -> None:
    digest = blake2b(text.encode(), digest_size=8, person=b"eventer.step").digest()
    assert draw.step_of(text) == int.from_bytes(digest, "little")


def test_step_of_accepts_unpaired_surrogates() -> None:
    assert draw.step_of("\ud800") != draw.step_of("\ud801")


@given(words, st.integers(0, WORD - 1), st.data())
def test_bounded_is_the_high_word_of_the_product(word: int, span: int, data: st.DataObject) -> None:
    low = data.draw(st.integers(-(1 << 63), (1 << 63) - 1 - span)) if span < 1 << 63 else -(1 << 63)
    high = low + span
    value = draw.bounded(word, low, high)
    assert low <= value <= high
    assert value == low + math.floor(word * (span + 1) // WORD)
    assert draw.bounded_column(column(word), low, high).tolist() == [value]


@family("size", [1, 2, 52, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 63, WORD])
def test_scaled_at_the_edges_of_its_halves(size: int) -> None:
    edges = [0, 1, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, WORD - 1]
    given_words = column(*edges)
    assert draw.scaled(given_words, size).tolist() == [w * size >> 64 for w in edges]
    assert given_words.tolist() == edges


@given(words)
def test_unit_is_a_multiple_of_2_to_the_minus_53_below_one(word: int) -> None:
    value = draw.unit(word)
    assert 0 <= value < 1
    assert value * 2**53 == word >> 11
    assert draw.unit_column(column(word)).tolist() == [value]


@given(words, st.lists(indices, min_size=1, max_size=5), st.integers(1, 9))
def test_draw_matrix_has_word_w_from_child_w(key: int, index: list[int], count: int) -> None:
    rows = np.array(index, dtype=np.int64)
    expected = [[reference_draw(reference_child(key, w), n) for w in range(count)] for n in index]
    assert draw.draw_matrix(key, rows, count).tolist() == expected
    keys = draw.key_column([key] * len(index))
    assert draw.draw_matrix(keys, rows, count).tolist() == expected


def test_lanes_and_bytes_begin_with_the_lowest_bits() -> None:
    matrix = column(0x0807060504030201, 0x1817161514131211).reshape(1, 2)
    assert draw.lanes(matrix).tolist() == [
        [0x0201, 0x0403, 0x0605, 0x0807, 0x1211, 0x1413, 0x1615, 0x1817]
    ]
    assert draw.bytes_of(matrix)[0, :9].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0x11]


def vectors() -> dict[str, list]:
    page = Path(__file__).resolve().parents[3] / "docs/reference/draws.md"
    text = page.read_text(encoding="utf-8")
    return json.loads(text.split("```json\n", 1)[1].split("```", 1)[0])


def test_the_vectors_of_the_specification() -> None:
    found = vectors()
    for z, mixed in found.pop("mix64"):
        assert draw.mix64(int(z)) == int(mixed)
    for text, step in found.pop("step_of"):
        assert draw.step_of(text) == int(step)
    for key, step, below in found.pop("child"):
        assert draw.child(int(key), int(step)) == int(below)
    for key, index, word in found.pop("draw"):
        assert draw.draw(int(key), index) == int(word)
    for word, low, high, value in found.pop("bounded"):
        assert draw.bounded(int(word), int(low), int(high)) == int(value)
    for word, value in found.pop("unit"):
        assert draw.unit(int(word)) == value
    for seed, name, key in found.pop("root"):
        steps = (draw.step_of("stream"), draw.step_of(name))
        assert draw.descend(int(seed), *steps) == int(key)
    for key, index, size, number in found.pop("permutation"):
        assert permuted(int(key), np.array([index]), int(size)).tolist() == [int(number)]
    for entity, word in found.pop("entity"):
        word_of = entity_words.text_word if isinstance(entity, str) else entity_words.number_word
        assert word_of(entity) == int(word)
    assert not found


@given(st.lists(st.tuples(words, st.integers(1, WORD - 1)), min_size=1, max_size=20))
def test_scaled_by_column_has_a_size_for_each_row(rows: list[tuple[int, int]]) -> None:
    drawn, sizes = column(*(w for w, _ in rows)), column(*(s for _, s in rows))
    assert draw.scaled_by_column(drawn, sizes).tolist() == [w * s >> 64 for w, s in rows]

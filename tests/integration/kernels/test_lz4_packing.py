"""Packed records, read by another decompressor."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.match_hints import MatchHints
from eventer.kernels.json.assemble import assemble_compiled
from eventer.kernels.json.instructions import RowOp
from eventer.kernels.kafka import record_batches
from eventer.kernels.kafka.record_batches import (
    ABSENT,
    BytesColumn,
    RecordColumns,
    RecordHeader,
    bytes_column,
    encode_records,
    frame,
    pack_records,
)
from tests.families import family
from tests.integration.kernels.row_programs import Case
from tests.record_packing import blocks, check_packed
from tests.waiting import wait_until

WORDS = (b"abcd", b'{"country":"', b"x" * 100, b"yz" * 9, b"Mozilla/5.0 (" + b"q" * 300)
NO_LIKES = np.full(len(WORDS), -1, np.int64)
LENGTHS = np.array([*map(len, WORDS)], np.int64)
PHRASES = [bytes(range(n, n + 60)) for n in (0, 20, 100)] + [b"the same again " * 7, b"x" * 90]
PIECES = st.one_of(
    st.integers(0, len(WORDS) - 1),
    st.sampled_from(PHRASES),
    st.binary(max_size=24),
    st.binary(max_size=3),
)
STAMPS = st.integers(0, 2**41)


def columns_of(rows, **more):
    """Records whose values are concatenated pieces: marked words, by number, and other bytes."""
    values, marks, ends = [], [], [0]
    for pieces in rows:
        text, gap = b"", 0
        for piece in pieces:
            if isinstance(piece, int):
                marks.append(piece << 16 | gap)
                text, gap = text + WORDS[piece], 0
            else:
                text, gap = text + piece, gap + len(piece)
        values.append(text)
        ends.append(len(marks))
    match_hints = MatchHints(
        np.array(marks, np.uint32), np.array(ends, np.int64), LENGTHS, NO_LIKES
    )
    stamps = np.arange(len(rows), dtype=np.int64) * 7
    return RecordColumns(bytes_column(values), stamps, match_hints=match_hints, **more)


def some_absent(column):
    """A header that every third record does not have."""
    valid = column.validity().copy()
    valid[::3] = ABSENT
    return replace(column, valid=valid)


ROWS = st.lists(st.lists(PIECES, max_size=8), min_size=1, max_size=30)


@given(ROWS, st.data())
@settings(deadline=None)
def test_packed_records_are_the_records(rows, data):
    some = st.lists(
        st.one_of(st.none(), st.binary(max_size=40)), min_size=len(rows), max_size=len(rows)
    ).map(bytes_column)
    result = columns_of(
        rows,
        keys=data.draw(st.one_of(st.none(), some)),
        headers=tuple(
            RecordHeader(name, data.draw(some.map(some_absent)))
            for name in data.draw(st.lists(st.binary(max_size=9), max_size=2))
        ),
    )
    result = replace(
        result,
        timestamps=np.array(data.draw(st.lists(STAMPS, min_size=len(rows), max_size=len(rows)))),
    )
    every = range(len(rows))
    check_packed(
        result, data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True).map(sorted))
    )


def test_marked_text_is_written_once():
    result = columns_of([[1, b"%05d" % number, 4, 3] for number in range(500)])
    packed = check_packed(result)
    assert len(packed) < 500 * 40


def test_long_unmarked_text_is_found():
    rng = np.random.default_rng(6)
    phrases = [rng.bytes(50) for _ in range(20)]
    result = columns_of([[b"".join(phrases[n] for n in rng.permutation(20))] for _ in range(600)])
    assert len(check_packed(result)) < 600 * 20 * 12


def test_many_records_have_many_blocks():
    rng = np.random.default_rng(7)
    phrase = rng.bytes(70)
    result = columns_of(
        [[1, rng.bytes(int(rng.integers(0, 900))), 2, phrase, 4] for _ in range(2_000)]
    )
    assert len(blocks(check_packed(result))) > 4


@family("more", [0, 1_000, 6_400, 6_460, 6_480, 6_500, 6_520, 6_600, 20_000])
def test_matches_have_at_most_the_maximum_distance(more):
    noise = np.random.default_rng(9).bytes(59_000 + more)
    first, second = [noise[:30_000]], [noise[30_000:]]
    check_packed(columns_of([[2, b"a"], first, second, [2, b"b"], [b"z" * 20]]))
    check_packed(columns_of([[PHRASES[0]], first, second, [PHRASES[0]], [b"z" * 20]]))


@family("last", [b"", b"1", b"z" * 11, b"z" * 12, b"z" * 300])
def test_a_block_ends_with_literals(last):
    check_packed(columns_of([[2, 3], [2, 3], [2, last, 3]]))
    check_packed(columns_of([[2, 3], [2, 3], [2, 3], [last]]))
    check_packed(columns_of([[2, 3], [2, 3, 0], [last, 2, 3, 0]]))
    check_packed(columns_of([[PHRASES[3]], [last + PHRASES[3]], [PHRASES[3] + last]]))
    check_packed(columns_of([[PHRASES[3]], [PHRASES[3]], [last]]))


def test_a_block_without_repetitions_is_not_too_large():
    rng = np.random.default_rng(8)
    result = columns_of([[rng.bytes(int(rng.integers(1, 30_000)))] for _ in range(200)])
    check_packed(result)
    batch = frame(result, np.arange(200), "lz4")
    assert batch.codec == "none"
    assert batch.payload == encode_records(result, np.arange(200))


def test_shared_prefixes_are_packed_within_distance_and_block():
    rng = np.random.default_rng(11)
    begins = [letter * 40 + other * 40 for letter in "abc" for other in "defg"]
    entries = [f"{begin}{number}{'z' * 25}" for begin in begins for number in range(40)]
    case, count = Case(), 8_000
    case.literal('{"agent":"')
    case.emit(RowOp.ENTRY, case.put(rng.integers(0, 480, count)), case.put_texts(entries))
    case.literal('","noise":"')
    noise = [rng.bytes(int(size)).hex() for size in rng.choice([3, 40, 2_000], count)]
    case.emit(RowOp.RAW, case.put_texts(noise))
    case.literal('"}')
    case.emit(RowOp.END)
    bounds = {"limit": 1 << 40, "event_limit": 1 << 40, "guess": 1 << 25}
    done = assemble_compiled(case.program(), case.columns, count, match_hints=True, **bounds)
    result = RecordColumns(
        BytesColumn(done.ends, done.text), np.arange(count), match_hints=done.match_hints
    )
    assert len(blocks(check_packed(result))) > 20
    some = np.flatnonzero(rng.random(count) < 0.3)
    check_packed(result, some)


def test_records_without_marks_and_large_records_are_not_packed():
    rows = np.arange(2)
    nulls = replace(bytes_column([b"a", None]), data=np.zeros(1, np.uint8))
    assert pack_records(replace(columns_of([[b"a"], []]), values=nulls), rows) is None
    assert pack_records(columns_of([[1], [1]]), rows[::-1]) is None
    assert pack_records(replace(columns_of([[1], [1]]), match_hints=None), rows) is None
    assert pack_records(columns_of([[1], [b"x" * 100_000]]), rows) is None


def test_the_sealed_batch_has_the_codec_and_the_raw_size():
    result = columns_of([[1, b"a", 2]] * 50)
    rows = np.arange(50)
    wait_until(lambda: not record_batches.WRITERS.use_python(1))
    batch = frame(result, rows, "lz4")
    assert batch.codec == "lz4"
    assert batch.raw_bytes == len(encode_records(result, rows))
    assert batch.payload == pack_records(result, rows)[0]

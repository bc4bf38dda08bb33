"""The kernel of row programs against Python, at every stop."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.json_text import string_text
from eventer.kernels.json.assemble import MIN_ROWS_TO_IMPORT_NUMBA, assemble, assemble_compiled
from eventer.kernels.json.assemble_python import assemble_in_python
from eventer.kernels.json.instructions import MAX_DEPTH, Column, RowOp, RowProgram
from eventer.kernels.json.selectors import selectors
from tests.families import family
from tests.integration.kernels.row_programs import TEXTS, Case, cases

GREAT = 1 << 40


def texts(done):
    return [done.text[a:b].tobytes() for a, b in pairwise(done.ends)]


def written(case, rows, **changes):
    bounds = {"limit": GREAT, "event_limit": GREAT, "guess": 0} | changes
    return assemble_compiled(case.program(), case.columns, rows, **bounds)


def expected(case, rows):
    plain = assemble_in_python(case.program(), case.columns, rows, limit=GREAT, event_limit=GREAT)
    return texts(plain)


def loop_case(elements, text="x" * 100):
    """One row: a list of texts."""
    case = Case()
    case.literal("[")
    loop = case.emit(RowOp.LOOP, case.put([0, elements]))
    case.emit(RowOp.ENTRY, case.put([0] * elements), case.put_texts([text]))
    case.emit(RowOp.NEXT, 0, loop + 1)
    case.patch(loop)
    case.literal("]")
    case.emit(RowOp.END)
    return case


@given(cases())
def test_the_kernel_matches_python(sample):
    case, rows = sample
    done = written(case, rows)
    assert texts(done) == expected(case, rows)
    assert done.oversize is None
    assert done.ends[0] == 0
    assert len(done) == rows


@given(cases(), st.integers(1, 400))
def test_texts_end_after_the_row_that_reaches_the_limit(sample, limit):
    case, rows = sample
    whole = expected(case, rows)
    done = written(case, rows, limit=limit)
    sizes = np.cumsum([len(text) for text in whole]).tolist()
    kept = next((i + 1 for i, size in enumerate(sizes) if size >= limit), rows)
    assert texts(done) == whole[:kept]


@given(cases(), st.integers(1, 300))
def test_texts_end_before_an_event_that_is_too_large(sample, event_limit):
    case, rows = sample
    whole = expected(case, rows)
    done = written(case, rows, event_limit=event_limit)
    kept = next((i for i, text in enumerate(whole) if len(text) > event_limit), rows)
    assert texts(done) == whole[:kept]
    assert done.oversize == (len(whole[kept]) if kept < rows else None)


@given(cases(max_rows=9), st.integers(1, 200))
def test_resuming_gives_the_same_text(sample, limit):
    case, rows = sample
    pieces, first = [], 0
    while first < rows:
        done = assemble_compiled(
            case.program(),
            case.columns,
            rows - first,
            limit=limit,
            event_limit=GREAT,
            guess=0,
            first=first,
        )
        assert len(done)
        pieces += texts(done)
        first += len(done)
    assert pieces == expected(case, rows)


@given(st.lists(TEXTS, min_size=1, max_size=20), st.integers(1, 3000))
def test_the_output_grows_wherever_it_is_full(values, times):
    case = Case()
    case.emit(RowOp.TEXT, case.put_texts(values * times))
    case.emit(RowOp.END)
    whole = [string_text(value).encode() for value in values] * times
    assert texts(written(case, len(whole))) == whole


@pytest.mark.parametrize("guess", [0, 5000, 10_000_000])
def test_a_row_larger_than_the_output_is_written_completely(guess):
    case = loop_case(1000)
    assert texts(written(case, 1, guess=guess)) == expected(case, 1)


@family("event_limit", [1, 99, 5_000, 100_000, 101_000])
def test_the_size_of_an_oversize_event_is_known_without_buffer_space(event_limit):
    done = written(loop_case(1000), 1, event_limit=event_limit, limit=10)
    assert done.oversize == 1000 * 100 + 999 + 2
    assert len(done) == 0
    assert len(done.text.base) < 2 * event_limit + 20_000


def test_separators_are_correct_in_oversize_events():
    case = Case()
    case.literal("{")
    loop = case.emit(RowOp.LOOP, case.put([0, 3000]))
    case.emit(RowOp.SEPARATE)
    case.literal("[")
    case.emit(RowOp.SEPARATE)
    case.emit(RowOp.INTEGER, case.put([7] * 3000))
    case.emit(RowOp.NEXT, 0, loop + 1)
    case.patch(loop)
    case.emit(RowOp.END)
    whole = len(expected(case, 1)[0])
    for event_limit in range(1000, 1020):
        assert written(case, 1, event_limit=event_limit, limit=1).oversize == whole


def test_programs_can_use_the_whole_stack():
    case, loops = Case(), []
    case.literal("[")
    for depth in range(MAX_DEPTH // 2):
        case.literal("[")
        loops.append(case.emit(RowOp.LOOP, case.put([0, 3 if depth == MAX_DEPTH // 2 - 1 else 1])))
    case.emit(RowOp.INTEGER, case.put([5, 6, 7]))
    for loop in reversed(loops):
        case.emit(RowOp.NEXT, 0, loop + 1)
        case.patch(loop)
        case.literal("]")
    case.literal("]")
    case.emit(RowOp.END)
    nested = b"[" * (MAX_DEPTH // 2 + 1) + b"5,6,7" + b"]" * (MAX_DEPTH // 2 + 1)
    assert texts(written(case, 1)) == expected(case, 1) == [nested]


@given(st.text())
@settings(max_examples=40)
def test_strings_read_back(value):
    value = value.encode(errors="ignore").decode()
    case = Case()
    case.emit(RowOp.TEXT, case.put_texts([value]))
    case.emit(RowOp.END)
    (text,) = texts(written(case, 1))
    assert json.loads(text) == value


def test_every_byte_is_escaped_equally_at_every_position():
    values = [
        "x" * before + chr(code) + "y" * after
        for code in range(0x90)
        for before in (0, 1, 14, 15, 16, 17, 40)
        for after in (0, 1, 15, 16, 30)
    ]
    case = Case()
    case.emit(RowOp.TEXT, case.put_texts(values))
    case.emit(RowOp.END)
    assert texts(written(case, len(values))) == [string_text(v).encode() for v in values]


def test_no_rows():
    case = Case()
    case.literal("{}")
    case.emit(RowOp.END)
    done = written(case, 0)
    assert (len(done), done.text.tobytes(), done.oversize) == (0, b"", None)


def test_columns_need_not_be_contiguous():
    code = np.zeros((3, 6), np.int64)[:, ::2]
    code[0] = [RowOp.INTEGER, 0, 0]
    code[1] = [RowOp.RAW, 1, 0]
    offsets = np.arange(12, dtype=np.int64)[::2]
    data = np.frombuffer(b"a b c d e f ", np.uint8)[::2]
    columns = [Column(np.arange(10, dtype=np.int64)[::2]), Column(offsets // 2, data)]
    done = assemble_compiled(
        RowProgram(code, b""), columns, 5, limit=GREAT, event_limit=GREAT, guess=9
    )
    assert done.text.tobytes() == b"0a2b4c6d8e"


@given(st.lists(st.booleans()))
def test_selectors_count_both_sides(mask):
    expected = [
        sum(mask[:row]) if held else ~mask[:row].count(False) for row, held in enumerate(mask)
    ]
    few = np.array(mask, np.bool_)
    assert selectors(few).tolist() == expected
    many = np.tile(few, 2048)
    assert selectors(many)[: len(mask)].tolist() == expected


@given(cases(), st.integers(1, 400), st.integers(1, 60))
def test_python_stops_at_the_same_row_as_the_kernel(sample, limit, event_limit):
    """After the row that reaches the limit, and before an event that is too large."""
    case, rows = sample
    bounds = {"limit": limit, "event_limit": event_limit}
    plain = assemble_in_python(case.program(), case.columns, rows, **bounds)
    done = written(case, rows, **bounds)
    assert texts(plain) == texts(done)
    assert plain.oversize == done.oversize


@family(
    "rows",
    [
        1,
        15,
        16,
        17,
        MIN_ROWS_TO_IMPORT_NUMBA - 1,
        MIN_ROWS_TO_IMPORT_NUMBA,
        MIN_ROWS_TO_IMPORT_NUMBA + 1,
    ],
)
def test_few_rows_and_many_rows_have_the_same_texts(rows):
    """Only the choice between Python and the kernel depends on the number of rows."""
    case = Case()
    case.literal("{")
    case.emit(RowOp.INTEGER, case.put(range(rows)))
    case.emit(RowOp.END)
    bounds = {"limit": GREAT, "event_limit": GREAT, "guess": 0}
    done = assemble(case.program(), case.columns, rows, **bounds)
    assert texts(done) == [b"{%d" % row for row in range(rows)]

"""What a row program marks is the same wherever it is marked alike."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.repeats import LONGEST_GAP, LONGEST_LENGTH, MOST_IDENTITIES
from eventer.kernels.alike import SHORTEST, alike
from eventer.kernels.assemble import Op, assemble, assemble_compiled
from tests.packing import check_marks
from tests.unit.kernels.row_programs import Case, cases

GREAT = 1 << 40
BOUNDS = {"limit": GREAT, "event_limit": GREAT, "guess": 10_000}


def texts(done):
    return [done.text[a:b].tobytes() for a, b in pairwise(done.ends)]


def assembled(case, rows, **changes):
    bounds = BOUNDS | changes
    return assemble_compiled(case.program(), case.columns, rows, repeats=True, **bounds)


@given(cases(max_rows=12), st.sampled_from([0, 10_000]))
@settings(deadline=None)
def test_marks_tell_the_truth_and_change_nothing(made, guess):
    case, rows = made
    done = assembled(case, rows, guess=guess)
    plain = assemble_compiled(case.program(), case.columns, rows, **BOUNDS)
    assert texts(done) == texts(plain)
    assert plain.repeats is None
    check_marks(texts(done), done.repeats)


def names(entries, rows):
    """A row each: constant text, an entry, constant text."""
    case = Case()
    case.literal('{"name":"')
    case.emit(
        Op.ENTRY, case.put([row % len(entries) for row in range(rows)]), case.put_texts(entries)
    )
    case.literal('","sure":true}')
    case.emit(Op.END)
    return case


def test_literals_and_entries_are_marked():
    done = assembled(names(["Adelheid", "Bo"], 4), 4)
    found = check_marks(texts(done), done.repeats)
    assert set().union(*found.values()) == {b'{"name":"', b"Adelheid", b'","sure":true}'}
    assert np.diff(done.repeats.ends).tolist() == [3, 2, 3, 2]


def test_long_entries_begin_and_end_like_others():
    entries = ["a" * 70 + middle + "z" * 40 for middle in ("one", "two", "three")]
    done = assembled(names(entries, 3), 3)
    likes = done.repeats.likes
    finest = likes[likes >= 0]
    assert len(set(finest.tolist()[-3:])) == 1
    found = check_marks(texts(done), done.repeats)
    assert {b"z" * 40} in found.values()


def test_each_is_like_those_that_begin_like_it():
    begins = [letter * 40 + other * 40 for letter in "ab" for other in "cd"]
    entries = [begin + end * 40 for begin in begins for end in "ef"]
    done = assembled(names(entries, len(entries)), len(entries))
    check_marks(texts(done), done.repeats)
    likes = done.repeats.likes
    assert sorted(np.bincount(likes[likes >= 0])[np.unique(likes[likes >= 0])]) == [2] * 6


def test_marks_are_cut_as_rows_are():
    done = assembled(names(["Adelheid", "Bo"], 6), 6)
    for start, stop in ((1, 4), (2, 5), (3, 6)):
        check_marks(texts(done)[start:stop], done.repeats.cut(start, stop))


@pytest.mark.parametrize("entry", ["a" * 100, "b" * 40 + "z" * 40, "c" * 70_000 + "z" * 40])
def test_what_is_far_behind_the_last_mark_is_not_marked(entry):
    case, entries = Case(), [entry, "d" * 70 + "z" * 40]
    case.literal('{"first":"')
    case.emit(Op.RAW, case.put_texts(["x" * (LONGEST_GAP + 1)]))
    case.emit(Op.ENTRY, case.put([0]), case.put_texts(entries))
    case.literal('","behind":1}')
    case.emit(Op.END)
    done = assembled(case, 1, guess=1 << 20)
    check_marks(texts(done), done.repeats)
    assert len(done.repeats.marks) == 1


def test_long_entries_that_end_like_no_other_are_marked_whole():
    done = assembled(names(["a" * 30 + "b" * 60, "c" * 90], 4), 4)
    found = check_marks(texts(done), done.repeats)
    assert {b"a" * 30 + b"b" * 60} in found.values()
    assert np.diff(done.repeats.ends).tolist() == [3] * 4


def test_very_long_entries_are_marked_where_they_are():
    entries = ["a" * (LONGEST_LENGTH + 20) + "z" * 40, "b" * 70 + "z" * 40]
    done = assembled(names(entries, 4), 4, guess=1 << 20)
    found = check_marks(texts(done), done.repeats)
    assert {b"z" * 40} in found.values()


def test_few_rows_are_written_without_marks():
    case = names(["Adelheid"], 1)
    assert assemble(case.program(), case.columns, 1, repeats=True, **BOUNDS).repeats is None


def test_identities_may_run_out():
    case = Case()
    for number in range(MOST_IDENTITIES + 10):
        case.literal(f"{number:06}")
    case.emit(Op.END)
    done = assembled(case, 1, guess=1 << 24)
    assert len(done.repeats.lengths) == MOST_IDENTITIES
    check_marks(texts(done), done.repeats)


def test_what_is_short_or_of_too_many_kinds_is_not_alike():
    assert alike([b"x" * (SHORTEST - 1)] * 3) is None
    assert alike([b"%06d" % number for number in range(2_000)]) is None

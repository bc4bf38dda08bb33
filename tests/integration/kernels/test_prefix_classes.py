"""Marks of a row program: texts with the same identity are equal."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.match_hints import MAX_IDENTITIES, MAX_MARK_GAP, MAX_MARK_LENGTH
from eventer.kernels.json.assemble import assemble, assemble_compiled
from eventer.kernels.json.instructions import RowOp
from eventer.kernels.json.prefix_classes import MIN_MARK_BYTES, prefix_classes
from tests.integration.kernels.row_programs import Case, cases
from tests.record_packing import check_marks

GREAT = 1 << 40
BOUNDS = {"limit": GREAT, "event_limit": GREAT, "guess": 10_000}


def texts(done):
    return [done.text[a:b].tobytes() for a, b in pairwise(done.ends)]


def assembled(case, rows, **changes):
    bounds = BOUNDS | changes
    return assemble_compiled(case.program(), case.columns, rows, match_hints=True, **bounds)


@given(cases(max_rows=12), st.sampled_from([0, 10_000]))
@settings(deadline=None)
def test_marks_are_correct_and_do_not_change_the_text(sample, guess):
    case, rows = sample
    done = assembled(case, rows, guess=guess)
    plain = assemble_compiled(case.program(), case.columns, rows, **BOUNDS)
    assert texts(done) == texts(plain)
    assert plain.match_hints is None
    check_marks(texts(done), done.match_hints)


def names(entries, rows):
    """Rows of constant text, an entry, and constant text."""
    case = Case()
    case.literal('{"name":"')
    case.emit(
        RowOp.ENTRY, case.put([row % len(entries) for row in range(rows)]), case.put_texts(entries)
    )
    case.literal('","sure":true}')
    case.emit(RowOp.END)
    return case


def test_literals_and_entries_are_marked():
    done = assembled(names(["Adelheid", "Bo"], 4), 4)
    found = check_marks(texts(done), done.match_hints)
    assert set().union(*found.values()) == {b'{"name":"', b"Adelheid", b'","sure":true}'}
    assert np.diff(done.match_hints.ends).tolist() == [3, 2, 3, 2]


def test_long_entries_share_prefixes_and_suffixes():
    entries = ["a" * 70 + middle + "z" * 40 for middle in ("one", "two", "three")]
    done = assembled(names(entries, 3), 3)
    prefix_identities = done.match_hints.prefix_identities
    finest = prefix_identities[prefix_identities >= 0]
    assert len(set(finest.tolist()[-3:])) == 1
    found = check_marks(texts(done), done.match_hints)
    assert {b"z" * 40} in found.values()


def test_entries_with_the_same_prefix_share_a_class():
    begins = [letter * 40 + other * 40 for letter in "ab" for other in "cd"]
    entries = [begin + end * 40 for begin in begins for end in "ef"]
    done = assembled(names(entries, len(entries)), len(entries))
    check_marks(texts(done), done.match_hints)
    prefix_identities = done.match_hints.prefix_identities
    assert (
        sorted(
            np.bincount(prefix_identities[prefix_identities >= 0])[
                np.unique(prefix_identities[prefix_identities >= 0])
            ]
        )
        == [2] * 6
    )


def test_marks_are_cut_with_rows():
    done = assembled(names(["Adelheid", "Bo"], 6), 6)
    for start, stop in ((1, 4), (2, 5), (3, 6)):
        check_marks(texts(done)[start:stop], done.match_hints.cut(start, stop))


@pytest.mark.parametrize("entry", ["a" * 100, "b" * 40 + "z" * 40, "c" * 70_000 + "z" * 40])
def test_text_far_after_the_last_mark_is_not_marked(entry):
    case, entries = Case(), [entry, "d" * 70 + "z" * 40]
    case.literal('{"first":"')
    case.emit(RowOp.RAW, case.put_texts(["x" * (MAX_MARK_GAP + 1)]))
    case.emit(RowOp.ENTRY, case.put([0]), case.put_texts(entries))
    case.literal('","behind":1}')
    case.emit(RowOp.END)
    done = assembled(case, 1, guess=1 << 20)
    check_marks(texts(done), done.match_hints)
    assert len(done.match_hints.marks) == 1


def test_long_entries_without_a_shared_suffix_have_one_mark():
    done = assembled(names(["a" * 30 + "b" * 60, "c" * 90], 4), 4)
    found = check_marks(texts(done), done.match_hints)
    assert {b"a" * 30 + b"b" * 60} in found.values()
    assert np.diff(done.match_hints.ends).tolist() == [3] * 4


def test_very_long_entries_are_marked():
    entries = ["a" * (MAX_MARK_LENGTH + 20) + "z" * 40, "b" * 70 + "z" * 40]
    done = assembled(names(entries, 4), 4, guess=1 << 20)
    found = check_marks(texts(done), done.match_hints)
    assert {b"z" * 40} in found.values()


def test_few_rows_are_written_without_marks():
    case = names(["Adelheid"], 1)
    assert assemble(case.program(), case.columns, 1, match_hints=True, **BOUNDS).match_hints is None


def test_identities_are_limited():
    case = Case()
    for number in range(MAX_IDENTITIES + 10):
        case.literal(f"{number:06}")
    case.emit(RowOp.END)
    done = assembled(case, 1, guess=1 << 24)
    assert len(done.match_hints.lengths) == MAX_IDENTITIES
    check_marks(texts(done), done.match_hints)


def test_short_entries_and_large_dictionaries_have_no_classes():
    assert prefix_classes([b"x" * (MIN_MARK_BYTES - 1)] * 3) is None
    assert prefix_classes([b"%06d" % number for number in range(2_000)]) is None

"""Parts of texts: what arrays write, and the registers of programs."""

import numpy as np

from eventer.functions.program_builder import ProgramBuilder, RandomWord
from eventer.functions.string_building import Alphabet, StringDictionary, concatenate_parts
from eventer.functions.text_numbers import BoundedNumber, LaneNumber, SumNumber, TableNumber
from eventer.functions.text_parts import (
    ConditionalPart,
    DictionaryPart,
    FormPart,
    LettersPart,
    LiteralPart,
    SequencePart,
    ShortenedPart,
)

WORDS = np.array([[0, 0x0003_0002_0001_0000], [1 << 63, (1 << 64) - 1]], dtype=np.uint64)
"""Two rows of two words: the lanes are 0, 0, 0, 0, 0, 1, 2, 3 and 0, 0, 0, 0x8000, 0xFFFF, …"""


def texts(part):
    return concatenate_parts(len(WORDS), part.write_text(WORDS)).to_list()


def test_a_number_of_a_table():
    number = TableNumber((7, 8, 9), BoundedNumber(0, (3,)))
    assert number.values(WORDS).tolist() == [7, 8]
    assert SumNumber(number, number).values(WORDS).tolist() == [14, 16]


def test_forms_have_their_placeholders_filled():
    forms = StringDictionary(["+%#", "é?-"])
    assert texts(FormPart(forms, BoundedNumber(0, (2,)), 4)) == ["+10", "éZ-"]


def test_a_part_loses_its_last_bytes():
    letters = LettersPart(Alphabet(b"ab"), 4, 7)
    assert texts(ShortenedPart(letters, BoundedNumber(0, (4,)))) == ["aaa", "b"]


def test_a_sequence_is_shown_as_a_whole():
    part = SequencePart((LiteralPart(b"<"), DictionaryPart(StringDictionary(["x", "yz"]),
                                                           LaneNumber(4, 2))))  # fmt: skip
    assert texts(ConditionalPart(BoundedNumber(0, (2,)), (False, True), part)) == ["", "<yz"]
    assert texts(ConditionalPart(BoundedNumber(0, (2,)), (True, False), part)) == ["<x", ""]


def test_a_number_that_is_computed_under_a_condition_is_computed_again_after_it():
    program = ProgramBuilder([RandomWord(()), RandomWord((1,))])
    number, condition = BoundedNumber(1, (5,)), BoundedNumber(0, (2,)).emit(program)
    with program.unless(condition, program.table([0, 1])):
        inner = number.emit(program)
        assert number.emit(program) == inner
    outer = number.emit(program)
    assert outer not in {inner, condition}
    assert number.emit(program) == outer

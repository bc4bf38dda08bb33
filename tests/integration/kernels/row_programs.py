"""Random row programs and their columns."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from eventer.core.json_text import string_text
from eventer.kernels.json.instructions import Column, RowOp, RowProgram
from eventer.kernels.json.prefix_classes import prefix_classes

DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
INT64 = st.integers(-(2**63), 2**63 - 1)
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=40),
    st.text(st.sampled_from('ab"\\\n\x01\x1f\x7fé€😀'), max_size=60),
    st.builds(lambda text, times: text * times, st.text("abé\t", min_size=1), st.integers(1, 50)),
)
PLAIN_TEXTS = st.text("abcdefg é😀", max_size=70)
VALUES = {
    RowOp.INTEGER: st.one_of(INT64, st.integers(-1000, 10**9)),
    RowOp.DOUBLE: DOUBLES,
    RowOp.BOOLEAN: st.booleans(),
    RowOp.TEXT: TEXTS,
    RowOp.PLAIN: PLAIN_TEXTS,
    RowOp.RAW: TEXTS.map(string_text),
    RowOp.ENTRY: st.one_of(
        st.lists(PLAIN_TEXTS, min_size=1, max_size=4),
        st.lists(
            st.builds(
                "".join,
                st.tuples(
                    *[st.sampled_from([letter * n for n in (1, 33, 70)]) for letter in "abc"]
                ),
            ),
            min_size=1,
            max_size=8,
        ),
    ),
}


KINDS = {RowOp.INTEGER: np.int64, RowOp.DOUBLE: np.float64, RowOp.BOOLEAN: np.bool_}


@dataclass
class Case:
    """A program under construction, and its columns."""

    code: list = field(default_factory=list)
    columns: list = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)
    literals: dict = field(default_factory=dict)

    def put(self, numbers, kind=np.int64):
        self.columns.append(Column(np.array(numbers, kind)))
        return len(self.columns) - 1

    def put_texts(self, texts, before=b""):
        offsets, data = [len(before)], bytearray(before)
        for text in texts:
            data += text.encode()
            offsets.append(len(data))
        self.columns.append(Column(np.array(offsets), np.frombuffer(bytes(data), np.uint8)))
        return len(self.columns) - 1

    def emit(self, op, a=0, b=0):
        self.code.append([op, a, b])
        return len(self.code) - 1

    def patch(self, place):
        self.code[place][2] = len(self.code)

    def literal(self, text):
        if text not in self.literals:
            self.literals[text] = len(self.text)
            self.text += text.encode()
        self.emit(RowOp.LITERAL, self.literals[text], len(text.encode()))

    def program(self):
        code = np.array(self.code, np.int64).reshape(-1, 3)
        dictionaries = set(code[code[:, 0] == RowOp.ENTRY, 2].tolist())
        known = [
            prefix_classes(entries_of(column)) if number in dictionaries else None
            for number, column in enumerate(self.columns)
        ]
        return RowProgram(code, bytes(self.text), known)


def entries_of(column):
    return [column.data[a:b].tobytes() for a, b in pairwise(column.numbers.tolist())]


@st.composite
def cases(draw, max_rows=6):
    """A case and its number of root rows."""
    case, rows = Case(), draw(st.integers(0, max_rows))
    case.literal("{")
    _body(draw, case, rows, depth=0)
    case.literal("}")
    case.emit(RowOp.END)
    return case, rows


def _body(draw, case, rows, depth):
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            case.emit(RowOp.SEPARATE)
        kinds = [*VALUES, RowOp.LITERAL] + [RowOp.BRANCH, RowOp.LOOP] * (depth < 3)
        kind = draw(st.sampled_from(kinds))
        if kind is RowOp.BRANCH:
            _branch(draw, case, rows, depth)
        elif kind is RowOp.LOOP:
            _loop(draw, case, rows, depth)
        elif kind is RowOp.LITERAL:
            case.literal(draw(PLAIN_TEXTS))
        else:
            _value(draw, case, kind, rows)


def _value(draw, case, kind, rows):
    if kind is RowOp.ENTRY:
        entries = draw(VALUES[kind])
        codes = draw(_column(st.integers(0, len(entries) - 1), rows))
        case.emit(kind, case.put(codes), case.put_texts(entries))
        return
    column = draw(_column(VALUES[kind], rows))
    if kind in {RowOp.TEXT, RowOp.PLAIN, RowOp.RAW}:
        case.emit(kind, case.put_texts(column, draw(st.binary(max_size=3))))
    else:
        case.emit(kind, case.put(column, KINDS[kind]))


def _branch(draw, case, rows, depth):
    """`if`: a selector into two domains, whose rows can be used twice or never."""
    sizes = [draw(st.integers(1, 4)) for _ in range(2)]
    row = st.one_of(st.integers(0, sizes[0] - 1), st.integers(-sizes[1], -1))
    branch = case.emit(RowOp.BRANCH, case.put(draw(_column(row, rows))))
    _body(draw, case, sizes[0], depth + 1)
    case.emit(RowOp.RESTORE)
    jump = case.emit(RowOp.JUMP)
    case.patch(branch)
    _body(draw, case, sizes[1], depth + 1)
    case.emit(RowOp.RESTORE)
    case.patch(jump)


def _loop(draw, case, rows, depth):
    lengths = draw(_column(st.integers(0, 3), rows))
    offsets = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]
    case.literal("[")
    loop = case.emit(RowOp.LOOP, case.put(offsets))
    _body(draw, case, offsets[-1], depth + 1)
    case.emit(RowOp.NEXT, 0, loop + 1)
    case.patch(loop)
    case.literal("]")


def _column(values, rows):
    return st.lists(values, min_size=rows, max_size=rows)

"""Formatted numbers of the kernel against the language's code."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventer.jsonnet.std.format_codes import Conversion
from eventer.jsonnet.std.format_numbers import ConversionLayout, fraction_text, whole_text
from eventer.jsonnet.std.transcendental import power
from eventer.kernels.json.number_formats import MAX_PLACES, MAX_WIDTH, NumberFormat, format_numbers

EXACT = 2.0**53
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.one_of(
    FINITE,
    st.floats(-1e6, 1e6),
    st.integers(-(10**6), 10**6).map(lambda n: n / 1000),
    st.integers(-(2**53), 2**53).map(float),
    st.sampled_from([0.0, -0.0, 0.5, -0.5, 1.005, 2.675, 0.995, 99.995, 1e15, 9e15, EXACT - 1]),
)
WIDTHS = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, MAX_WIDTH))


@st.composite
def layouts(draw):
    whole = draw(st.booleans())
    return NumberFormat(
        integer=whole,
        places=0 if whole else draw(st.integers(0, MAX_PLACES)),
        point=not whole and draw(st.booleans()),
        sign=draw(st.sampled_from(["", "+", " "])),
        zeros=draw(WIDTHS),
        least=draw(WIDTHS) if whole else 0,
        width=draw(WIDTHS),
        left=draw(st.booleans()),
    )


def reference(layout, value):
    """The text by the functions of the language; the width of zeros is separate."""
    code = Conversion(
        kind="d" if layout.integer else "f",
        name=None,
        width=float(layout.zeros),
        precision=float(layout.least if layout.integer else layout.places),
        alternative=layout.point,
        zero=True,
        left=False,
        blank=layout.sign == " ",
        plus=layout.sign == "+",
        capitals=False,
    )
    write = whole_text if layout.integer else fraction_text
    text = write(ConversionLayout(code, code.width, code.precision, ""), value)
    return text.ljust(layout.width) if layout.left else text.rjust(layout.width)


def texts(layout, values):
    data, offsets, left_out = format_numbers(layout, np.array(values, np.float64))
    whole = data.tobytes().decode("ascii")
    return [whole[a:b] for a, b in pairwise(offsets)], left_out.tolist()


def check(layout, values):
    found, left_out = texts(layout, values)
    beyond = [
        row
        for row, value in enumerate(values)
        if not (abs(value) if layout.integer else abs(value) * 10.0**layout.places + 0.5) < EXACT
    ]
    assert left_out == beyond
    for row, value in enumerate(values):
        assert found[row] == ("" if row in beyond else reference(layout, value)), (layout, value)


@given(layouts(), st.lists(NUMBERS, max_size=30))
@settings(max_examples=50, deadline=None)
@example(NumberFormat(integer=False, places=2), [2.675, 1.005, 0.0, -0.001, 1e300, 99.995])
@example(NumberFormat(integer=True, zeros=5, sign="+"), [-0.5, -1.0, 7.9, 1e23])
def test_matches_std_format(layout, values):
    check(layout, values)


@pytest.mark.parametrize("places", range(MAX_PLACES + 1))
@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_many_numbers(places, count):
    rng = np.random.default_rng(places)
    scales = 10.0 ** rng.integers(-8, 17, count)
    halves = (rng.integers(0, 10**6, count // 10) + 0.5) / 10.0**places
    values = np.concatenate([rng.random(count) * scales, halves, -halves])
    check(NumberFormat(integer=False, places=places), values.tolist())


def test_powers_of_ten_match_the_language():
    assert [power(10.0, float(k)) for k in range(MAX_PLACES + 1)] == [
        float(10**k) for k in range(MAX_PLACES + 1)
    ]


def test_no_rows_have_no_text():
    assert texts(NumberFormat(integer=True), []) == ([], [])

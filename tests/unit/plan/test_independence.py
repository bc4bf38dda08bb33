"""Draws of different places of a template, and of neighbouring streams, are independent.

This covers the names of sites, the keys of environments, and the columns of the plan.
"""

import json
from itertools import combinations

import numpy as np
import pytest

from eventer.core.model import Stream, Template
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests import goodness_of_fit as fit

SIZE = 12
DIGITS = b"0123456789"
SPACES = bytes(byte if byte in DIGITS else ord(" ") for byte in range(256))
TEMPLATE = """
local get_integer = std.native('get_integer'), get_one_of = std.native('get_one_of');
local die() = get_integer(0, 11);
local shared = die();
local twelve = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
{
  a: get_integer(0, 11),
  b: get_integer(0, 11),
  nested: { a: get_integer(0, 11) },
  array: [get_integer(0, 11), get_integer(0, 11)],
  list: [get_integer(0, 11) for i in std.range(0, 2)],
  grid: [[die() for j in [0, 1]] for i in [0, 1]],
  made: std.makeArray(2, function(i) die()),
  calls: [die(), die()],
  picked: get_one_of(twelve),
  shared: [shared, shared],
  [get_one_of(['x', 'x'])]: get_integer(0, 11),
}
"""
SAME = ("shared", 0), ("shared", 1)


def numbers(value, path=()):
    """All numbers of a value with the paths to them."""
    if isinstance(value, float | int):
        return {path: value}
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    return {p: n for step, each in steps for p, n in numbers(each, (*path, step)).items()}


def columns(template, stream, rows):
    """The numbers of a template's events, by path. All events must have the same fields."""
    engine = prepare(Template(template)).engine(stream, EventContext(), engine="plan")
    texts = []
    while len(texts) < rows:
        times = np.zeros(rows - len(texts), dtype=np.int64)
        texts += engine.generate(len(texts), times).text.to_pylist()
    assert len({text.translate(None, DIGITS) for text in texts}) == 1
    found = np.array(b" ".join(texts).translate(SPACES).split(), dtype=np.int64)
    values = found.reshape(len(texts), -1)
    return dict(zip(numbers(json.loads(texts[0])), values.T, strict=True))


@pytest.fixture(scope="module", params=[6_000, pytest.param(20_000, marks=pytest.mark.slow)])
def rows(request):
    return request.param


@pytest.fixture(scope="module")
def places(rows):
    return columns(TEMPLATE, Stream(1, "dice"), rows)


def test_every_place_is_uniform(places):
    assert len(places) == 20
    chances = [fit.chi_square(np.bincount(each, minlength=SIZE)) for each in places.values()]
    assert fit.combined(chances) > fit.LEVEL


def test_places_are_independent(places):
    pairs = [pair for pair in combinations(places, 2) if pair != SAME]
    chances = [fit.independence(places[one], places[other]) for one, other in pairs]
    assert fit.combined(chances) > fit.LEVEL
    one, other = SAME
    assert fit.independence(places[one], places[other]) < fit.LEVEL


def test_neighbouring_events_are_independent(places):
    chances = [
        fit.independence(one[lag:], other[:-lag])
        for one in places.values()
        for other in places.values()
        for lag in (1, 2)
    ]
    assert fit.combined(chances) > fit.LEVEL


@pytest.mark.parametrize(
    "stream",
    [Stream(2, "dice"), Stream(0, "dice"), Stream(1, "dicf"), Stream(1), Stream(1 << 63, "dice")],
)
def test_streams_are_independent(places, stream, rows):
    others = columns(TEMPLATE, stream, rows // 2)
    chances = [
        fit.independence(one[: len(other)], other)
        for one in places.values()
        for other in others.values()
    ]
    assert fit.combined(chances) > fit.LEVEL


def test_elements_of_long_lists_are_uniform_and_independent():
    template = "{ list: [std.native('get_integer')(0, 11) for i in std.range(1, 500)] }"
    places = columns(template, Stream(3, "lists"), rows=200)
    grid = np.array([places["list", position] for position in range(500)])
    chances = [fit.chi_square(np.bincount(grid.ravel(), minlength=SIZE))]
    chances += [fit.independence(grid[lag:].ravel(), grid[:-lag].ravel()) for lag in (1, 2, 10)]
    assert fit.combined(chances) > fit.LEVEL

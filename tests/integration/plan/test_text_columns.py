"""Columns of text from numbers: the plan against the interpreter."""

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.model import Stream, Template
from eventer.kernels.support import numba_loading
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.families import family

ROWS = 300
NATIVES = """
local get_integer = std.native('get_integer'), get_number = std.native('get_number');
local whole = get_integer(-1000000, 1000000), part = get_number(-10, 10);
local kinds = [part * 1e-8, part, part * 1e9, part * 1e25, std.round(part), part * 1e-3 + whole];
local any = kinds[get_integer(0, 5)];
"""
FORMATS = (
    *"%d %i %u %5d %05d %-7d| %+d %.3d %8.3d %+08.3d %#d".split(),
    *"%f %.0f %.1f %.2f %8.2f %08.2f %-9.1f| %+.2f %#.0f %.15f".split(),
    *"%.16f %70d %70.2f %.70d %o %e %g".split(),
    *("% d", "% .3f", "%s", "%12s", "%-12s|", "%2s", "%70s"),
)


@pytest.fixture(autouse=True)
def _numba():
    """Kernels compute shorter columns if Numba is imported."""
    numba_loading.numba()


def engines(body):
    prepared = prepare(Template(NATIVES + body))
    choices = ("plan", "interpreter")
    return [prepared.engine(Stream(3), EventContext(), engine=each) for each in choices]


def events(engine):
    found, at = [], 0
    due = np.zeros(ROWS, np.int64)
    while at < ROWS:
        try:
            batch = engine.generate(at, due[at:])
        except EvaluationError as error:
            found.append((error.message, str(error.place)))
            at += 1
            continue
        found += batch.text.to_pylist()
        at = batch.next
    return found


@pytest.mark.parametrize("value", ["whole", "part", "any"])
def test_conversions(value):
    """Alone, and as part of a text with JSON escapes."""
    forms = [f"'{each}' % {value}, '<{each}|\\n' % [{value}]" for each in FORMATS]
    ours, theirs = engines(f"[{', '.join(forms)}]")
    assert events(ours) == events(theirs)
    assert not ours.broken


@pytest.mark.parametrize("form", ["%c", "%x"])
def test_conversions_that_fail_for_some_numbers(form):
    ours, theirs = engines(f"{{ a: '{form}' % any, b: '%05d' % any }}")
    assert events(ours) == events(theirs)
    assert not ours.broken


def test_numbers_too_large_for_a_conversion_raise_on_both_engines():
    ours, theirs = engines("{ a: '%.2f' % (if whole % 3 == 0 then 1e308 * part else part) }")
    found = events(ours)
    assert found == events(theirs)
    assert any(isinstance(each, tuple) for each in found)
    assert not ours.broken


@family(
    "body",
    [
        "{ a: 'n=' + whole + ';p=' + part + ';' + any }",
        "{ a: '\"' + whole + '\\\\é\\u0001', b: std.toString(part), c: whole + '' }",
        "{ a: [i + '/' + whole for i in std.range(1, get_integer(0, 3))] }",
        "{ local t = 'a' + whole, a: if part < 0 then t + 'x' else t, b: t == 'a1', c: t + t }",
    ],
)
def test_texts_of_parts(body):
    ours, theirs = engines(body)
    assert events(ours) == events(theirs)
    assert not ours.broken

"""Texts of patterns match them, every choice is equally likely, and errors name the character."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.patterns import GET_PATTERN
from eventer.functions.spec import BatchContext
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 1000
PATTERNS = (
    r"[A-Z]{3}-\d{4}",
    r"(red|green|blue)-[0-9a-f]{6}",
    r"v\d\.\d{1,2}(-(alpha|beta))?",
    r"^\w+@\w+\.(?:com|org)$",
    r"[ж-ш]{2,5}é?[一-龥]",
    r"([ab]{1,2}(c|d[xyz])){0,3}",
    r"[^a-z\d]{3}\D\W\S\s",
    r"[]\[\-^-]{4}[a\]-]",
    r"(a|)b|c{2,}|d*",
    r"\x41\u00e9\t\n\r\f\v\\\"",
    "",
    "abc",
)


def texts(regex, rows=ROWS, key=5):
    index = np.arange(rows)
    return GET_PATTERN.call((regex,)).column(key, BatchContext(index, index)).to_list()


@family("regex", PATTERNS)
def test_every_text_matches(regex):
    found = texts(regex)
    assert all(re.fullmatch(regex, text) for text in found)


def test_an_event_has_the_same_text_alone():
    call = GET_PATTERN.call((PATTERNS[5],))
    alone = [
        call.column(5, BatchContext(np.array([n]), np.array([n]))).to_list()[0] for n in (3, 8)
    ]
    assert alone == [texts(PATTERNS[5])[n] for n in (3, 8)]


@family(
    ("regex", "choices"),
    [
        ("a|bc|", ["a", "bc", ""]),
        ("[a-e]", list("abcde")),
        ("(x|[yz])", ["x", "x", "y", "z"]),
        ("a{2,5}", ["aa", "aaa", "aaaa", "aaaaa"]),
        ("(ab){0,2}", ["", "ab", "abab"]),
        ("é{1,2}", ["é", "éé"]),
        ("b+", ["b" * n for n in range(1, 11)]),
        ("[éè]", ["é", "è"]),
    ],
)
def test_choices_are_equally_likely(regex, choices):
    found = texts(regex, 20_000)
    assert set(found) == set(choices)
    expected = {text: choices.count(text) / len(choices) for text in choices}
    counts = np.array([found.count(text) for text in expected])
    assert fit.chi_square(counts, np.array(list(expected.values()))) > fit.LEVEL


@family(
    ("regex", "character", "problem"),
    [
        ("a)", 2, "closes no group"),
        ("ab(c", 3, "not closed"),
        ("[a", 1, "not closed"),
        ("[]", 1, "not closed"),
        ("a**", 3, "repeated or lazy"),
        ("a+?", 3, "repeated or lazy"),
        ("a{3", 2, "not complete"),
        ("a{,3}", 2, "not complete"),
        ("a{5,2}", 2, "5 is above 2"),
        ("a{1001}", 2, "more than 1000"),
        ("a{1000000}", 2, "more than 1000"),
        ("a{" + "9" * 5_000 + "}", 2, "more than 1000"),
        ("|*", 2, "repeats nothing"),
        (r"a\b", 2, "not supported"),
        (r"(a)\1", 4, "not supported"),
        (r"\p{L}", 1, "not supported"),
        ("(?=a)", 1, "(?"),
        ("(?P<n>a)", 1, "(?"),
        ("a^b", 2, "only supported at the begin"),
        ("a$b", 2, "only supported at the end"),
        ("[z-a]", 2, "empty"),
        (r"[a-\d]", 2, "ends with a class"),
        ("[[:alpha:]]", 2, "named classes"),
        (r"\x1", 1, "2 hexadecimal digits"),
        (r"\ud800", 1, "surrogate"),
        ("a\ud800", 2, "surrogate"),
        ("a\\", 2, "not supported"),
        ("[^ -~]", 1, "no characters"),
        ("(" * 51, 51, "more than 50 groups"),
        ("[\u0000-\U0010ffff]", 2, "more than 65,536"),
    ],
)
def test_errors_name_the_character(regex, character, problem):
    with pytest.raises(EvaluationError) as caught:
        GET_PATTERN.call((regex,))
    assert caught.value.message.startswith(f"get_pattern: 'regex', character {character}: ")
    assert problem in caught.value.message


def test_a_pattern_that_is_too_large_is_refused():
    for regex in ("([a-z]{100}){11}", "((a{1000}){1000}){1000}", "(){1000}a"):
        with pytest.raises(EvaluationError, match="more than 1,000 characters"):
            GET_PATTERN.call((regex,))


@given(st.text("ab[]()|{},2^-\\d.*+?$é", max_size=12))
def test_any_text_is_a_pattern_or_an_error(regex):
    try:
        found = texts(regex, 5)
    except EvaluationError:
        return
    assert all(re.fullmatch(regex, text) for text in found)

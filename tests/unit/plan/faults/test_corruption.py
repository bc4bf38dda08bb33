"""Wrong values and texts."""

import json
from datetime import date

import pytest

from eventer.plan.faults.corruption import Choices, corrupted, malformed
from tests.families import family

WORDS = [number * 0x9E3779B97F4A7C15 % (1 << 64) for number in range(1, 60)]


def kind_of(value):
    return "number" if type(value) in {int, float} else type(value).__name__


@family("value", ["", "abc", "2026-01-31T10:00:00Z", 0, 1.5, True, [], {"a": 1}])
def test_a_corrupted_value_differs_in_the_way_that_is_named(value):
    ways = {}
    for word in WORDS:
        way, wrong = corrupted(value, Choices(word), keep_text=False)
        ways.setdefault(way, []).append(wrong)
    types = {kind_of(wrong) for wrong in ways.pop("wrong_type")}
    assert len(types) == 4
    assert kind_of(value) not in types
    for wrong in ways.pop("truncated", ()):
        assert value.startswith(wrong)
        assert wrong != value
    for wrong in ways.pop("impossible_date", ()):
        assert (len(wrong), wrong[10:]) == (len(value), value[10:])
        with pytest.raises(ValueError, match=r"day|month"):
            date.fromisoformat(wrong[:10])
    assert not ways


def test_a_text_stays_a_text_for_a_column():
    for word in WORDS:
        way, wrong = corrupted("2026-01-31", Choices(word), keep_text=True)
        assert isinstance(wrong, str)
        assert way != "wrong_type"
    assert corrupted("", Choices(1), keep_text=True) is None
    assert corrupted(None, Choices(1), keep_text=False) is None
    assert corrupted(1, Choices(1), keep_text=True) is not None


@family("text", ['{"a":"é"}', "{}", "[1,2]", '"ab"', '""', "1234", "true", "null"])
def test_a_malformed_text_is_not_json(text):
    for word in WORDS:
        _, wrong = malformed(text, Choices(word))
        with pytest.raises(ValueError):
            json.loads(wrong)

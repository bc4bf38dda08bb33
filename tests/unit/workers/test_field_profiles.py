"""Profiles of the fields of events."""

import json

import pytest

from eventer.workers.field_profiles import MAX_FIELDS, Frequency, Histogram, profile_fields


def profiles(*events):
    found = profile_fields(json.dumps(event).encode() for event in events)
    return {each.pointer: each for each in found.fields}


def profile(*values):
    (only,) = profiles(*({"a": value} for value in values)).values()
    return only


def test_numbers_have_extremes_a_mean_and_a_histogram():
    found = profile(1, 2, 2, 5)
    assert (found.types, found.least, found.most, found.mean) == (("integer",), 1, 5, 2.5)
    assert (found.distinct, found.nulls, found.absent) == (3, 0, 0)
    assert found.frequent[0] == Frequency(2, 2)
    assert found.histogram == Histogram(1, 5, (1, 2, 0, 0, 1))


def test_integers_among_numbers_are_numbers():
    assert profile(1, 0.5).types == ("number",)
    assert profile(1, 1.0).distinct == 1


def test_texts_have_extremes_and_frequent_values():
    found = profile("b", "a", "b", "é")
    assert (found.types, found.least, found.most) == (("string",), "a", "é")
    assert (found.mean, found.histogram) == (None, None)
    assert found.frequent[0] == Frequency("b", 2)


def test_texts_that_are_all_instants_have_a_histogram():
    found = profile("2026-01-01T00:00:00Z", "2026-01-01T00:00:10.5Z", "2026-01-02")
    assert (found.types, found.least, found.mean) == (("string",), "2026-01-01T00:00:00Z", None)
    start = 1_767_225_600
    assert found.histogram == Histogram(start, start + 86_400, (2, *[0] * 22, 1))
    assert profile("2026-01-01", "soon").histogram is None
    assert profile("2026-02-31", "2026-01-01").histogram is None


def test_equal_looking_values_of_different_types_are_distinct():
    found = profile(1, "1", True, None, [1], "[1]")
    assert found.distinct == 5
    assert set(found.types) == {"integer", "string", "boolean", "array"}
    assert (found.nulls, found.least, found.histogram) == (1, None, None)


def test_arrays_are_described_by_their_lengths():
    found = profile([], [1, 2], ["x"])
    assert (found.types, found.least, found.most, found.mean) == (("array",), 0, 2, 1)


def test_members_of_objects_are_fields_with_escaped_pointers():
    found = profiles({"a/b": {"c~d": 1}}, {"a/b": {}})
    assert list(found) == ["/a~1b/c~0d"]
    assert found["/a~1b/c~0d"].absent == 1


def test_an_object_that_may_be_null_or_absent_is_a_field():
    assert list(profiles({"a": None}, {"a": {"b": 1}}, {"a": {"b": 2}})) == ["/a", "/a/b"]
    assert list(profiles({}, {"a": {"b": 1}})) == ["/a", "/a/b"]


def test_events_that_are_not_objects_have_one_field():
    assert list(profiles(1, 2)) == [""]


def test_a_single_value_has_no_histogram():
    assert profile(3, 3).histogram is None


def test_long_texts_are_cut_and_fields_are_limited():
    found = profile_fields([json.dumps({f"f{n}": "x" * 1_000 for n in range(501)}).encode()])
    assert (len(found.fields), found.omitted) == (MAX_FIELDS, 1)
    assert len(found.fields[0].frequent[0].value) == 200


@pytest.mark.parametrize("values", [(1e308, -1e308), (10**300, 1)])
def test_extreme_numbers_are_described(values):
    assert profile(*values).distinct == 2

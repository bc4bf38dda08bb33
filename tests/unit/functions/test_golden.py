"""Values are equal to the stored ones."""

import json

import pytest

from tests.unit.functions import golden

STORED = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_the_same_calls_are_stored() -> None:
    assert list(STORED) == list(golden.values())


@pytest.mark.parametrize("name", STORED)
def test_values_equal_the_stored_ones(name: str) -> None:
    assert golden.values()[name] == STORED[name]

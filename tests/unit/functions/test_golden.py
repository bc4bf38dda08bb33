"""No value changes without being noticed."""

import json

import pytest

from tests.unit.functions import golden

STORED = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_the_same_calls_are_stored() -> None:
    assert list(STORED) == list(golden.values())


@pytest.mark.parametrize("name", STORED)
def test_values_are_those_stored(name: str) -> None:
    assert golden.values()[name] == STORED[name]

"""Values are equal to the stored ones."""

import json

from tests.unit.functions import golden

STORED = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_values_equal_the_stored_ones() -> None:
    made = golden.values()
    assert list(STORED) == list(made)
    assert [name for name in STORED if made[name] != STORED[name]] == []

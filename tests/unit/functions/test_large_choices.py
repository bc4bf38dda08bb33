"""A text of very many items is refused before it takes memory."""

import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.choices import MAX_ITEMS, items_of


@pytest.mark.parametrize("separator", [",", " "])
def test_the_most_items_of_a_text(separator):
    text = separator.join(["a"] * MAX_ITEMS)
    assert len(items_of(text)) == MAX_ITEMS
    with pytest.raises(EvaluationError, match="more than 1,000,000 items"):
        items_of(f"{text}{separator}b")

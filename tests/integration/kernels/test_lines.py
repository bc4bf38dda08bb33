"""Texts as lines."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels.json.lines import lines


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40)), st.integers(0, 3))
def test_each_text_ends_with_a_line_feed(texts, before):
    """Offsets can begin anywhere in the data."""
    data = np.frombuffer(b"x" * before + b"".join(texts), dtype=np.uint8)
    offsets = np.cumsum([before, *map(len, texts)]).astype(np.int64)
    assert lines(offsets, data).tobytes() == b"".join(text + b"\n" for text in texts)

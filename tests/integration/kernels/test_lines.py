"""Lines: the texts, each with a line feed behind it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels.json.lines import lines


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40)), st.integers(0, 3))
def test_each_text_has_a_line_feed_behind_it(texts, before):
    """Offsets may begin anywhere in the data."""
    data = np.frombuffer(b"x" * before + b"".join(texts), dtype=np.uint8)
    offsets = np.cumsum([before, *map(len, texts)]).astype(np.int64)
    assert lines(offsets, data).tobytes() == b"".join(text + b"\n" for text in texts)

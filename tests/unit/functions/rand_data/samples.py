"""Values of `get_rand_data()` under many seeds, sites and indices: 100,000 of each key."""

from functools import lru_cache
from itertools import product

import numpy as np
import pyarrow as pa

from eventer.functions.columns import DictionaryColumn, StringColumn
from eventer.functions.rand_data.get_rand_data import FIELDS
from eventer.functions.spec import BatchContext
from eventer.kernels import draw

ROWS = 100_000
SEEDS = (0, 1, 2, 3, 42, 1 << 32, 1 << 63, (1 << 64) - 1)
SITES = (*range(25), *(draw.step_of(f"field {number}") for number in range(25)))
INDICES = (*range(125), *range(10**12, 10**12 + 125))


@lru_cache
def rows():
    """A draw key and an index per row: all combinations of the above."""
    streams = (draw.descend(seed, draw.step_of("stream"), draw.step_of("s")) for seed in SEEDS)
    keys = [draw.child(stream, site) for stream, site in product(streams, SITES)]
    assert len(keys) * len(INDICES) == ROWS
    return np.repeat(draw.key_column(keys), len(INDICES)), np.tile(INDICES, len(keys))


@lru_cache
def column(name):
    """A key's column over all rows."""
    keys, index = rows()
    return FIELDS[name].column(keys, BatchContext(index, np.zeros_like(index)))


@lru_cache
def texts(name):
    """The same as an Arrow array of strings."""
    made = column(name)
    if isinstance(made, StringColumn):
        return made.to_arrow()
    assert isinstance(made, DictionaryColumn)
    return pa.array(made.entries, pa.large_string()).take(pa.array(made.codes))


@lru_cache
def numbers(name):
    """The same as an array of doubles."""
    return np.array(column(name).to_list(), dtype=np.float64)


def letters(name, start, stop):
    """The bytes [start, stop) of each text, which must be long enough."""
    made = texts(name)
    offsets = np.frombuffer(made.buffers()[1], dtype=np.int64)[: len(made) + 1]
    assert np.diff(offsets).min() >= stop
    data = np.frombuffer(made.buffers()[2], dtype=np.uint8)
    return data[offsets[:-1, np.newaxis] + np.arange(start, stop)]

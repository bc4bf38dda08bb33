"""The kernels of `chains`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words, mixed_step
from eventer.kernels.draw.chains import Paths, Transitions
from eventer.kernels.draw.draw_loops import as_keys, as_words, drawn, mixed
from eventer.kernels.support.jit import callable_from_kernels, frozen, kernel

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

_STEPS_PER_PATH = 8
"""The first guess; with longer paths, memory grows."""


@callable_from_kernels
def children(key: np.uint64, mixed_steps: Words) -> Words:
    """H(key, step) for each step."""
    keys = np.empty(len(mixed_steps), dtype=np.uint64)
    for step in range(len(mixed_steps)):
        keys[step] = mixed(key ^ mixed_steps[step])
    return keys


@kernel
def _walk(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words,
    index: Words,
    mixed_steps: Words,
    start: int,
    limits: NDArray[np.uint64],
    targets: Ints,
    ends: NDArray[np.bool_],
    first_row: int,
    lengths: Ints,
    codes: Ints,
    at: int,
) -> tuple[int, int]:
    """Writes paths from `first_row` and the place `at` on; returns where the room ended."""
    shared = len(keys) == 1
    most, width = len(mixed_steps) + 1, limits.shape[1]
    step_keys = children(keys[0], mixed_steps)
    for row in range(first_row, len(lengths)):
        if at + most > len(codes):
            return row, at
        state, begin = start, at
        codes[at] = state
        at += 1
        while not ends[state] and at - begin < most:
            step = at - begin - 1
            own = step_keys[step] if shared else mixed(keys[row] ^ mixed_steps[step])
            word = drawn(own, index[row])
            # A binary search with as many steps in all rows: no branch depends on the word.
            place, half = 0, width >> 1
            while half > 0:
                place += half if limits[state, place + half - 1] <= word else 0
                half >>= 1
            state = targets[state, place]
            codes[at] = state
            at += 1
        lengths[row] = at - begin
    return len(lengths), at


def walk(key: Key, index: Index, start: int, most: int, transitions: Transitions) -> Paths:
    """`chains.walk`."""
    keys, words, rows = as_keys(key, len(index)), as_words(index), len(index)
    steps = as_words(np.array([mixed_step(step) for step in range(most - 1)], dtype=np.uint64))
    tables = (as_words(transitions.limits), frozen(transitions.targets), frozen(transitions.ends))
    lengths = np.empty(rows, dtype=np.int64)
    codes = np.empty(rows * min(most, _STEPS_PER_PATH) + most, dtype=np.int64)
    row = at = 0
    while True:
        row, at = _walk(keys, words, steps, start, *tables, row, lengths, codes, at)
        if row == rows:
            return Paths(lengths, codes[:at])
        codes = np.concatenate([codes, np.empty(len(codes), dtype=np.int64)])


@kernel
def _steps(lengths: Ints, out: Ints) -> None:
    at = 0
    for row in range(len(lengths)):
        for step in range(lengths[row]):
            out[at + step] = step
        at += lengths[row]


def steps_of(lengths: Ints) -> Ints:
    """`chains.steps_of`."""
    out = np.empty(int(lengths.sum()), dtype=np.int64)
    _steps(frozen(lengths), out)
    return out


@kernel
def _grouped_steps(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words,
    index: Words,
    mixed_steps: Words,
    lengths: Ints,
    codes: Ints,
    places: Ints,
    out_keys: Words,
    out_index: Words,
) -> None:
    shared = len(keys) == 1
    step_keys = children(keys[0], mixed_steps)
    at = 0
    for row in range(len(lengths)):
        for step in range(lengths[row]):
            state = codes[at]
            at += 1
            place = places[state]
            if place >= 0:
                own = step_keys[step] if shared else mixed(keys[row] ^ mixed_steps[step])
                out_keys[place] = own
                out_index[place] = index[row]
                places[state] = place + 1


def grouped_steps(
    key: Key, index: Index, paths: Paths, begins: Ints, size: int
) -> tuple[Words, Index]:
    """`chains.grouped_steps`."""
    most = int(paths.lengths.max(initial=0))
    steps = np.array([mixed_step(step) for step in range(most)], dtype=np.uint64)
    out_keys, out_index = np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.uint64)
    _grouped_steps(
        as_keys(key, len(index)),
        as_words(index),
        as_words(steps),
        frozen(paths.lengths),
        frozen(paths.codes),
        begins.copy(),
        out_keys,
        out_index,
    )
    return out_keys, out_index


@kernel
def _times(  # noqa: PLR0917  compiled code takes arguments by position
    lengths: Ints,
    codes: Ints,
    fixed: Doubles,
    places: Ints,
    samples: Doubles,
    lasting: Doubles,
    before: Doubles,
) -> None:
    at = 0
    for row in range(len(lengths)):
        passed = 0.0
        for _ in range(lengths[row]):
            state = codes[at]
            place = places[state]
            seconds = fixed[state]
            if place >= 0:
                seconds = samples[place]
                places[state] = place + 1
            lasting[at] = seconds
            before[at] = passed
            passed += seconds
            at += 1


def times(paths: Paths, fixed: Doubles, begins: Ints, samples: Doubles) -> tuple[Doubles, Doubles]:
    """`chains.times`."""
    lasting, before = np.empty(len(paths.codes)), np.empty(len(paths.codes))
    _times(
        frozen(paths.lengths),
        frozen(paths.codes),
        frozen(fixed),
        begins.copy(),
        frozen(samples),
        lasting,
        before,
    )
    return lasting, before

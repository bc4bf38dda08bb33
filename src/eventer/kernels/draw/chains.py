"""Paths of Markov chains: the states that each row passes through, and the times of its steps.

Columns of steps have an element per step of all paths, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw
from eventer.kernels.draw.weighted_picks import WeightTable

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Paths(NamedTuple):
    """The number of steps of each row, and the state of each step."""

    lengths: Ints
    codes: Ints


@dataclass(frozen=True, eq=False)
class Transitions:
    """The states that follow each state: those of state s are the row s of `targets`.

    A word picks the first place of the row whose limit is above it, or the last one. All rows have
    the same length, a power of two: the last state of a row is repeated, with the greatest limit.
    `ends` tells which states end a path: they have no targets.
    """

    limits: draw.Words
    targets: Ints
    ends: NDArray[np.bool_]

    @classmethod
    def of(cls, following: Sequence[Mapping[int, float]]) -> Transitions:
        """The transitions of weights, all above 0, of the states that follow each state."""
        most = max(1, *map(len, following))
        width = 1 << (most - 1).bit_length()
        limits = np.full((len(following), width), draw.MASK, dtype=np.uint64)
        targets = np.zeros((len(following), width), dtype=np.int64)
        for state, weights in enumerate(following):
            if weights:
                found = WeightTable.of(list(weights.values())).limits
                limits[state, : len(found)] = found
                targets[state] = [*weights, *[list(weights)[-1]] * (width - len(weights))]
        return cls(limits, targets, np.array([not weights for weights in following]))


def walk(
    key: draw.Key, index: draw.Index, start: int, most: int, transitions: Transitions
) -> Paths:
    """The paths of all rows.

    Step 0 has the state `start`; the word draw(H(key, k), index) picks the state of step k + 1. A
    path ends with a state that none follows, or with its step `most` - 1.
    """
    if draw.use_compiled_walks(len(index)):
        from eventer.kernels.draw import chain_loops

        return chain_loops.walk(key, index, start, most, transitions)
    keys = [key] * len(index) if isinstance(key, int) else key.tolist()
    paths = [
        _path(own, each, start, most, transitions)
        for own, each in zip(keys, index.tolist(), strict=True)
    ]
    lengths = np.array([len(path) for path in paths], dtype=np.int64)
    return Paths(lengths, np.array([state for path in paths for state in path], dtype=np.int64))


def _path(key: int, index: int, start: int, most: int, transitions: Transitions) -> list[int]:
    state, path = start, [start]
    while len(path) < most and not transitions.ends[state]:
        word = draw.draw(draw.child(key, len(path) - 1), index)
        limits = transitions.limits[state]
        place = int(np.searchsorted(limits[:-1], np.uint64(word), side="right"))
        state = int(transitions.targets[state, place])
        path.append(state)
    return path


def steps_of(lengths: Ints) -> Ints:
    """The number of each step in its path, from 0."""
    if draw.use_compiled(len(lengths)):
        from eventer.kernels.draw import chain_loops

        return chain_loops.steps_of(lengths)
    ends = np.cumsum(lengths)
    return np.arange(lengths.sum(), dtype=np.int64) - np.repeat(ends - lengths, lengths)


def grouped_steps(
    key: draw.Key, index: draw.Index, paths: Paths, begins: Ints, size: int
) -> tuple[draw.Words, draw.Index]:
    """The keys H(key, k) and the indices of `size` steps k of some states, grouped by state.

    Those of state s are at `begins[s]` and on, in order; a state is left out if that is -1.
    """
    if draw.use_compiled(len(paths.codes)):
        from eventer.kernels.draw import chain_loops

        return chain_loops.grouped_steps(key, index, paths, begins, size)
    order = _grouped(paths.codes, begins)
    rows = np.repeat(np.arange(len(index)), paths.lengths)[order]
    keys = key if isinstance(key, int) else key[rows]
    return draw.child_column(keys, steps_of(paths.lengths)[order]), index[rows]


def times(paths: Paths, fixed: Doubles, begins: Ints, samples: Doubles) -> tuple[Doubles, Doubles]:
    """The seconds that each step lasts, and those before it in its path, added in order.

    Steps of state s last `fixed[s]`, or, in the order of `grouped_steps`, as long as the samples
    from `begins[s]` on.
    """
    if draw.use_compiled(len(paths.codes)):
        from eventer.kernels.draw import chain_loops

        return chain_loops.times(paths, fixed, begins, samples)
    lasting = fixed[paths.codes]
    lasting[_grouped(paths.codes, begins)] = samples
    before: list[float] = []
    at = 0
    for length in paths.lengths.tolist():
        before += accumulate(lasting[at : at + length - 1].tolist(), initial=0.0)
        at += length
    return lasting, np.array(before, dtype=np.float64)


def _grouped(codes: Ints, begins: Ints) -> Ints:
    """The places of steps, grouped by state, without those of states that are left out."""
    order = np.argsort(codes, kind="stable")
    kept: Ints = order[begins[codes[order]] >= 0]
    return kept

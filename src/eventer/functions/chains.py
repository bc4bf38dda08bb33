"""`get_chain`: paths through the states of a Markov chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import constant_whole, shown
from eventer.functions.chain_states import (
    LONGEST_DWELL,
    NAME,
    State,
    known_state,
    parse_states,
)
from eventer.functions.columns import (
    Column,
    DictionaryColumn,
    FloatColumn,
    IntegerColumn,
    ObjectListColumn,
)
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    Bounds,
    ElementField,
    FunctionSpec,
    ObjectListCall,
    Parameter,
    ReturnType,
)
from eventer.kernels import draw
from eventer.kernels.draw import chains

MAX_STEPS: Final = 1000
_NEXT: Final = 0
_DWELL: Final = 1


class Path:
    """The paths of all rows; the times of their steps are drawn when they are read."""

    def __init__(self, chain: Chain, key: draw.Key, context: BatchContext) -> None:
        self._chain = chain
        self._key = draw.child_key(key, _DWELL)
        self._context = context
        self.steps = chains.walk(
            draw.child_key(key, _NEXT), context.index, chain.start, chain.most, chain.transitions
        )

    def state(self) -> Column:
        """The state of each step."""
        return DictionaryColumn(self.steps.codes, self._chain.names)

    def step(self) -> Column:
        """The number of each step in its path."""
        return IntegerColumn(chains.steps_of(self.steps.lengths))

    def dwell(self) -> Column:
        """The seconds that each step lasts."""
        return FloatColumn(self._times[0])

    def after(self) -> Column:
        """The seconds before each step."""
        return FloatColumn(self._times[1])

    @cached_property
    def _times(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        counts = np.bincount(self.steps.codes, minlength=len(self._chain.names)).tolist()
        calls = self._chain.calls
        sizes = [count if call else 0 for count, call in zip(counts, calls, strict=True)]
        ends = [0, *accumulate(sizes)]
        begins = np.array(
            [end if call else -1 for end, call in zip(ends[:-1], calls, strict=True)],
            dtype=np.int64,
        )
        samples = self._samples(ends, begins)
        return chains.times(self.steps, self._chain.fixed, begins, samples)

    def _samples(self, ends: Sequence[int], begins: NDArray[np.int64]) -> NDArray[np.float64]:
        """The seconds of the steps whose states draw them, grouped by state."""
        samples = np.empty(ends[-1], dtype=np.float64)
        if not len(samples):
            return samples
        keys, index = chains.grouped_steps(
            self._key, self._context.index, self.steps, begins, len(samples)
        )
        due = np.zeros(len(index), dtype=np.int64)
        for number, call in enumerate(self._chain.calls):
            part = slice(ends[number], ends[number + 1])
            if call is not None and part.stop > part.start:
                drawn = call.column(keys[part], BatchContext(index[part], due[part]))
                assert isinstance(drawn, FloatColumn)
                samples[part] = drawn.values
        return np.minimum(samples, LONGEST_DWELL, out=samples)


@dataclass(frozen=True, eq=False)
class Chain(ObjectListCall):
    """Paths from a state on, of at most `most` steps, through the states that can follow it."""

    names: tuple[str, ...]
    start: int
    most: int
    transitions: chains.Transitions
    fixed: NDArray[np.float64]
    calls: tuple[BoundCall | None, ...]
    lengths: Bounds

    @classmethod
    def of(cls, states: Mapping[str, State], start: str, most: int) -> Chain:
        """The chain of parsed states."""
        distances = _distances(states, start)
        names = tuple(sorted(distances))
        codes = {name: code for code, name in enumerate(names)}
        following = [
            {codes[target]: weight for target, weight in states[name].next.items()}
            for name in names
        ]
        dwells = [states[name].dwell for name in names]
        ends = [distances[name] + 1 for name in names if not states[name].next]
        longest = _longest(following, codes[start], most)
        return cls(
            names,
            codes[start],
            most,
            chains.Transitions.of(following),
            np.array([0.0 if isinstance(d, BoundCall) else d for d in dwells]),
            tuple(d if isinstance(d, BoundCall) else None for d in dwells),
            (min([*ends, most]), longest),
        )

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        path = Path(self, key, context)
        return ObjectListColumn(
            path.steps.lengths,
            {"after": path.after, "dwell": path.dwell, "state": path.state, "step": path.step},
        )

    def bounds_of(self, field: str) -> Bounds | None:
        """See `ObjectListCall.bounds_of`."""
        return (0, self.lengths[1] - 1) if field == "step" else None


def _distances(states: Mapping[str, State], start: str) -> dict[str, int]:
    """The fewest transitions to each state that can follow the first one."""
    found, reached = {start: 0}, [start]
    for name in reached:
        for target in states[name].next:
            if target not in found:
                found[target] = found[name] + 1
                reached.append(target)
    return found


def _longest(following: Sequence[Mapping[int, float]], start: int, most: int) -> int:
    """The most steps of a path: `most` if a state can follow itself, directly or not."""
    at, steps = {start}, 0
    while at and steps < min(most, len(following) + 1):
        at, steps = {target for state in at for target in following[state]}, steps + 1
    return most if at else steps


def _bind(arguments: Sequence[Any]) -> BoundCall:
    states = parse_states(arguments[0])
    start = known_state("'start'", arguments[1], states)
    most = constant_whole(NAME, "max", arguments[2])
    if not 1 <= most <= MAX_STEPS:
        raise EvaluationError(
            f"{NAME}: 'max' must be from 1 to {MAX_STEPS}, not {shown(arguments[2])}",
            hint="leave it out for at most 100 steps",
        )
    return Chain.of(states, start, most)


_FIELDS: Final = (
    ElementField(
        "after",
        ReturnType.NUMBER,
        "The seconds from the start of the path to the step: the sum of `dwell` of the steps "
        "before it.",
        "31.4",
    ),
    ElementField("dwell", ReturnType.NUMBER, "The seconds in the state.", "8.25"),
    ElementField("state", ReturnType.TEXT, "The name of the state.", '"browse"', is_key=True),
    ElementField("step", ReturnType.INTEGER, "The number of the step, from 0.", "2"),
)

GET_CHAIN: Final = FunctionSpec(
    name=NAME,
    parameters=(
        Parameter(
            "states",
            "an object",
            "a field per state, at most 256: `next` has the weights of the states that follow, "
            "`dwell` the seconds that the state lasts",
        ),
        Parameter("start", "text", "the state of step 0"),
        Parameter("max", "a whole number", "the most steps of a path, 1 to 1,000", 100),
    ),
    return_type=ReturnType.ARRAY,
    doc="A path through a state machine, a Markov chain, as an array of steps, such as the session "
    "of a visitor or the life of an order. Each step is an object. All steps belong to one event: "
    "write them with a comprehension, and choose a function by the state "
    "([how to](../how-to/sessions-and-state-machines.md)).\n\n"
    "The path begins with `start`. Each state of `next` follows as often as its weight, relative "
    "to their sum: weights are zero or more, and one of them is greater than zero. A state without "
    "`next` ends the path. A path that comes to `max` steps ends there, in any state, so give a "
    "`max` that is seldom reached.\n\n"
    "`dwell` is a number of seconds (0 without it), or a distribution with the arguments of its "
    "function: `{ uniform: [lo, hi, decimals?] }`, `{ normal: [mean, stddev, min?, max?, "
    "decimals?] }`, `{ lognormal: [median, sigma, min?, max?, decimals?] }`, `{ exponential: "
    "[mean, min?, max?, decimals?] }`, `{ gamma: [shape, scale, decimals?] }`, `{ pareto: [shape, "
    "min, max?, decimals?] }` or `{ triangular: [lo, mode, hi, decimals?] }`. No state lasts less "
    "than 0 seconds: a normal distribution without `min` has `min` 0, so its values are those that "
    "are not below 0, and none is moved to 0. A value above 1e12 becomes 1e12.",
    examples=(
        "get_chain({ browse: { next: { browse: 3, buy: 1 }, dwell: 30 }, buy: {} }, 'browse')",
        (
            "get_chain({ up: { next: { down: 1 }, dwell: { exponential: [86400] } }, "
            "down: { next: { up: 1 }, dwell: { uniform: [60, 300] } } }, 'up', 10)"
        ),
    ),
    bind=_bind,
    fields={field.name: field for field in _FIELDS},
)

"""`get_chain`."""

from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate
from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.chains import GET_CHAIN
from eventer.functions.distributions_continuous import GET_EXPONENTIAL, GET_GAMMA, GET_NORMAL
from eventer.functions.numbers import GET_NUMBER
from eventer.functions.row_reader import MAX_CHUNK, MIN_CHUNK, RowReader
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels import draw
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 6_000
NAMES = ("a", "b", "c", "d")
SHOP = {
    "home": {"next": {"home": 5.0, "cart": 3.0, "leave": 2.0}, "dwell": {"exponential": [30.0]}},
    "cart": {"next": {"home": 1.0, "paid": 3.0}, "dwell": {"normal": [1.0, 2.0]}},
    "paid": {"dwell": 5.0},
    "leave": {},
}
KINDS = {
    "uniform": ([1.0, 9.0], GET_NUMBER, [1.0, 9.0]),
    "normal": ([2.0, 3.0, None, 9.0, 1.0], GET_NORMAL, [2.0, 3.0, 0.0, 9.0, 1.0]),
    "exponential": ([4.0], GET_EXPONENTIAL, [4.0]),
    "gamma": ([2.0, 3.0], GET_GAMMA, [2.0, 3.0]),
}
dwells = st.sampled_from(sorted(KINDS)) | st.floats(0, 1e6)


@st.composite
def machines(draw_value):
    """Weights of following states and the dwell, by name."""
    weights = st.floats(0, 10) | st.sampled_from([0.0, 1.0])
    found = {}
    for name in NAMES[: draw_value(st.integers(1, 4))]:
        following = draw_value(st.dictionaries(st.sampled_from(NAMES), weights))
        found[name] = (following, draw_value(dwells))
    return {
        name: ({n: w for n, w in following.items() if n in found}, dwell)
        for name, (following, dwell) in found.items()
    }


def as_argument(machine):
    return {
        name: {
            **({"next": following} if any(following.values()) else {}),
            "dwell": {dwell: KINDS[dwell][0]} if isinstance(dwell, str) else dwell,
        }
        for name, (following, dwell) in machine.items()
    }


def expected_path(machine, key, index, most):
    """The path as the reference page defines it."""
    found, state, after = [], "a", 0.0
    for step in range(most):
        following, dwell = machine[state]
        if isinstance(dwell, str):
            _, spec, arguments = KINDS[dwell]
            own = draw.descend(key, 1, step)
            dwell = spec.call(arguments).row(own, RowContext(index, 0))
        found.append({"after": after, "dwell": dwell, "state": state, "step": float(step)})
        names = [name for name in sorted(following) if following[name] > 0]
        if not names:
            break
        after += dwell
        sums = [*accumulate(Fraction(following[name]) for name in names)]
        limits = [(1 << 64) * part // sums[-1] for part in sums[:-1]]
        state = names[bisect_right(limits, draw.draw(draw.descend(key, 0, step), index))]
    return found


@given(machines(), st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 62), st.integers(1, 12))
def test_paths_are_those_of_the_reference(machine, key, index, most) -> None:
    call = GET_CHAIN.call((as_argument(machine), "a", float(most)))
    path = expected_path(machine, key, index, most)
    assert call.row(key, RowContext(index, 0)) == path
    assert call.lengths[0] <= len(path) <= call.lengths[1] <= most
    rows = BatchContext(np.array([index, 0, index]), np.zeros(3, dtype=np.int64))
    keys = np.array([key, 1, 5], dtype=np.uint64)
    first, _, last = call.column(keys, rows).to_list()
    assert (first, last) == (path, expected_path(machine, 5, index, most))


def test_the_lengths_of_paths_are_bounded() -> None:
    def lengths(following, most=100.0):
        states = {name: {"next": dict.fromkeys(to, 1.0)} if to else {} for name, to in following}
        return GET_CHAIN.call((states, "a", most)).lengths

    assert lengths([("a", "")]) == (1, 1)
    assert lengths([("a", "bc"), ("b", "c"), ("c", ""), ("d", "a")]) == (2, 3)
    assert lengths([("a", "bc"), ("b", "c"), ("c", "")], 2.0) == (2, 2)
    assert lengths([("a", "ab"), ("b", "")]) == (2, 100)
    assert lengths([("a", "b"), ("b", "a")]) == (100, 100)


def test_transitions_lengths_and_times_have_their_distributions() -> None:
    context = BatchContext(np.arange(ROWS), np.zeros(ROWS, dtype=np.int64))
    column = GET_CHAIN.call((SHOP, "home", 1000.0)).column(7, context)
    names = ("cart", "home", "leave", "paid")
    codes = column.columns["state"]().codes
    steps = column.columns["step"]().values
    dwell = column.columns["dwell"]().values
    inner = np.flatnonzero(steps[1:] > 0)
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (codes[inner], codes[inner + 1]), 1)
    weights = {"home": [3, 5, 2, 0], "cart": [0, 1, 0, 3]}
    for state, expected in weights.items():
        assert fit.chi_square(pairs[names.index(state)], expected) > fit.LEVEL
    # The probability of each length, from the powers of the matrix of the inner states.
    inner_matrix, ends = np.array([[0.5, 0.3], [0.25, 0.0]]), np.array([0.2, 0.75])
    powers = [np.linalg.matrix_power(inner_matrix, n)[0] @ ends for n in range(9)]
    counts = np.bincount(column.lengths - 2, minlength=10)
    counts = np.array([*counts[:9], counts[9:].sum()])
    assert fit.chi_square(counts, [*powers, 1 - sum(powers)]) > fit.LEVEL
    exponential = dwell[codes == names.index("home")]
    assert fit.kolmogorov_smirnov(1 - np.exp(-exponential / 30)) > fit.LEVEL
    truncated = dwell[codes == names.index("cart")]
    below = [0.5 * (1 + erf((x - 1) / 2 / sqrt(2))) for x in [0.0, *truncated.tolist()]]
    uniform = (np.array(below[1:]) - below[0]) / (1 - below[0])
    assert truncated.min() >= 0
    assert fit.kolmogorov_smirnov(uniform) > fit.LEVEL


def test_extreme_times_stay_finite() -> None:
    states = {"a": {"next": {"a": 1.0}, "dwell": {"pareto": [0.001, 1.0]}}}
    call = GET_CHAIN.call((states, "a", 1000.0))
    path = call.row(3, RowContext(0, 0))
    assert max(step["dwell"] for step in path) == 1e12
    assert path[-1]["after"] == sum(step["dwell"] for step in path[:-1])


def test_the_interpreter_keeps_few_long_paths() -> None:
    states = {"a": {"next": {"a": 1.0}, "dwell": 1.0}}
    reader = RowReader()
    reader.window(0, np.zeros(MAX_CHUNK, dtype=np.int64))
    for row in (0, 1, MIN_CHUNK + 1):
        reader.row = row
        assert len(reader.find("get_chain").call([states, "a", 100.0], 5)) == 100
    # The third read did not double the number of rows.
    assert MIN_CHUNK * 100 * 320 < reader.nbytes < 2 * MIN_CHUNK * 100 * 320


@family(
    ("arguments", "message", "hint"),
    [
        ((3.0, "a"), "'states' must be an object with a state per field, not 3", "write { browse"),
        (({}, "a"), "'states' must be an object with a state per field, not {}", "write { browse"),
        (({"a": 1.0}, "a"), "state 'a' must be an object with 'next' and 'dwell', not 1", "write"),
        (
            ({"a": {"nxt": {}}}, "a"),
            "state 'a' has the unknown field 'nxt'",
            "did you mean 'next'?",
        ),
        (({"a": {}}, "b"), "'start' \"b\" is not a state", "the states are a"),
        (({"browse": {}}, "brwse"), "'start' \"brwse\" is not a state", "did you mean 'browse'?"),
        (({"a": {}}, 1.0), "'start' 1 is not a state", "the states are a"),
        (
            ({"cart": {"next": {"crt": 1.0}}}, "cart"),
            "'next' of state 'cart': \"crt\" is not a state",
            "did you mean 'cart'?",
        ),
        (
            ({"a": {"next": "a"}}, "a"),
            "'next' of state 'a' must be an object, not \"a\"",
            "write the weights",
        ),
        (
            ({"a": {"next": {"a": -1.0}}}, "a"),
            "the weight of 'a' after state 'a' must be a number of 0 or more, not -1",
            "write the weights",
        ),
        (
            ({"a": {"next": {"a": "1"}}}, "a"),
            "the weight of 'a' after state 'a' must be a number of 0 or more, not \"1\"",
            "write the weights",
        ),
        (
            ({"a": {"next": {"a": 0.0}}}, "a"),
            "no weight in 'next' of state 'a' is greater than zero",
            "give one such weight, or leave out 'next' where the path ends",
        ),
        (
            ({"a": {"dwell": -1.0}}, "a"),
            "'dwell' of state 'a' must be a number of seconds from 0 to 1e+12, not -1",
            "write seconds",
        ),
        (
            ({"a": {"dwell": {}}}, "a"),
            "'dwell' of state 'a' must have one distribution, not 0",
            "write seconds",
        ),
        (
            ({"a": {"dwell": {"norml": [1.0]}}}, "a"),
            "'dwell' of state 'a' has the unknown distribution 'norml'",
            "did you mean 'normal'?",
        ),
        (
            ({"a": {"dwell": {"gamma": 2.0}}}, "a"),
            "'gamma' in 'dwell' of state 'a' must be an array, not 2",
            "give the arguments of get_gamma(shape, scale, decimals?)",
        ),
        (
            ({"a": {"dwell": {"normal": [1.0]}}}, "a"),
            "'dwell' of state 'a': get_normal needs its argument 'stddev', a number",
            "call it as get_normal",
        ),
        (
            ({"a": {"dwell": {"normal": [1.0, 2.0, -3.0]}}}, "a"),
            "'dwell' of state 'a': 'min' must be 0 or more, not -3",
            "a state lasts 0 seconds or more",
        ),
        (
            ({"a": {"dwell": {"uniform": [-1.0, 2.0]}}}, "a"),
            "'dwell' of state 'a': 'lo' must be 0 or more, not -1",
            "a state lasts 0 seconds or more",
        ),
        (({"a": {}}, "a", 0.0), "'max' must be from 1 to 1000, not 0", "leave it out"),
        (({"a": {}}, "a", 1001.0), "'max' must be from 1 to 1000, not 1001", "leave it out"),
        (({"a": {}}, "a", 1.5), "'max' must be a whole number, not 1.5", "round it"),
        (
            ({str(n): {} for n in range(257)}, "1"),
            "'states' has 257 states, more than 256",
            "merge states",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, message, hint) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_CHAIN.call(arguments)
    assert caught.value.message == f"get_chain: {message}"
    assert caught.value.hint.startswith(hint)

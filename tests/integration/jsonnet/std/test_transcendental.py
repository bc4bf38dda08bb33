"""Transcendental functions equal go-jsonnet's to the last bit, over their whole ranges."""

import math
import random

import pytest

from eventer.jsonnet.std import transcendental
from tests import go_jsonnet
from tests.families import family

UNARY = {
    "sin": transcendental.sine,
    "cos": transcendental.cosine,
    "tan": transcendental.tangent,
    "asin": transcendental.arc_sine,
    "acos": transcendental.arc_cosine,
    "atan": transcendental.arc_tangent,
    "exp": transcendental.exponential,
    "log": transcendental.natural_log,
}
BINARY = {
    "pow": transcendental.power,
    "atan2": transcendental.arc_tangent_of,
    "hypot": transcendental.hypotenuse,
}
EDGES = [0.0, 1.0, -1.0, 0.5, -0.5, 0.66, 0.7, 2.5, 10.0, 1e-9, 709.4, -745.0, 2.0**29, 1e300]
PROMISED_ULPS = 2


def numbers(source, count):
    """Numbers of all sizes, from a fixed seed."""
    makers = [
        lambda: source.uniform(-1, 1),
        lambda: source.uniform(-10, 10),
        lambda: source.uniform(-1e6, 1e6),
        lambda: float(source.randint(-1000, 1000)),
        lambda: math.copysign(math.exp(source.uniform(-300, 300)), source.random() - 0.5),
    ]
    return [*EDGES, *(source.choice(makers)() for _ in range(count))]


def answered(compute, arguments):
    """The arguments with a finite result, and the results."""
    found = []
    for given in arguments:
        try:
            result = compute(*given)
        except (ValueError, OverflowError):
            continue
        if math.isfinite(result):
            found.append((given, result))
    return found


def check(name, pairs, ulps):
    texts = ", ".join(repr(list(given)) for given, _ in pairs)
    call = ", ".join(f"x[{i}]" for i in range(len(pairs[0][0])))
    (theirs,) = go_jsonnet.evaluate([f"[std.{name}({call}) for x in [{texts}]]"])
    assert not isinstance(theirs, go_jsonnet.Error), theirs
    wrong = [
        (given, ours, other)
        for (given, ours), other in zip(pairs, theirs, strict=True)
        if not go_jsonnet.same(ours + 0.0, other + 0.0, ulps)
    ]
    assert not wrong


@family("name", UNARY)
def test_of_one_number(name):
    pairs = answered(UNARY[name], [(x,) for x in numbers(random.Random(name), 800)])
    check(name, pairs, PROMISED_ULPS)


@pytest.mark.parametrize("name", BINARY)
def test_of_two_numbers(name):
    source = random.Random(name)
    first, second = numbers(source, 800), numbers(source, 800)
    source.shuffle(second)
    small = [x if abs(x) < 400 else math.fmod(x, 20) for x in second]
    pairs = answered(BINARY[name], zip(first, small if name == "pow" else second, strict=True))
    check(name, pairs, PROMISED_ULPS)


@pytest.mark.parametrize("name", ["log2", "log10"])
def test_logarithms_to_other_bases_are_quotients(name):
    source = random.Random(name)
    base = {"log2": 2.0, "log10": 10.0}[name]
    log = transcendental.natural_log
    values = [(abs(x) + 1e-300,) for x in numbers(source, 300)]
    check(name, answered(lambda x: log(x) / log(base), values), 0)


def test_the_logarithm_of_subnormal_numbers_is_right():
    """Go-jsonnet is wrong here: it takes 5e-324 for a number near 2**-1023."""
    assert transcendental.natural_log(5e-324) == pytest.approx(math.log(5e-324), rel=1e-15)


def test_large_angles_keep_their_place_on_the_circle():
    for x in numbers(random.Random(3), 300):
        assert transcendental.sine(x) == pytest.approx(math.sin(x), abs=1e-14)
        assert transcendental.cosine(x) == pytest.approx(math.cos(x), abs=1e-14)


def test_the_largest_powers_of_e_are_numbers():
    """Go-jsonnet overflows here on x86-64."""
    assert transcendental.exponential(709.78) == pytest.approx(math.exp(709.78), rel=1e-15)
    with pytest.raises(OverflowError):
        transcendental.exponential(709.79)

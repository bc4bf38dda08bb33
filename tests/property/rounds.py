"""Runs random examples, in further rounds while they do not cover what a test is about."""

from hypothesis import HealthCheck, given, seed, settings

MAX_ROUNDS = 6


def run_rounds(check, *strategies, examples, first_seed, is_covered):
    """Calls `check` with random examples; again with the next seed while `is_covered()` is false.

    A few examples may lack something by chance, and each version of Hypothesis draws others.
    """
    for number in range(MAX_ROUNDS):
        options = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(first_seed + number)(options(given(*strategies)(check)))()
        if is_covered():
            return

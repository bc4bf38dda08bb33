"""Compares Eventer with go-jsonnet, the reference implementation, on random programs.

`pytest -m slow tests/property/test_language.py` runs LANGUAGE_PROGRAMS programs.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from eventer.core.source import Source
from eventer.jsonnet.parser import parse
from tests import go_jsonnet
from tests.eventer_jsonnet import evaluate
from tests.jsonnet_printer import print_tree
from tests.property.programs import programs

FEW = 100
MANY = int(os.environ.get("LANGUAGE_PROGRAMS", "20000"))
LIMITS = ("max stack frames exceeded", "INTERNAL ERROR")
"""Messages of go-jsonnet's own limits and defects: programs that reach them are skipped."""


def unsigned(value):
    """Replaces negative zero by zero: RFC 8785 writes both as `0`."""
    if isinstance(value, list):
        return [unsigned(each) for each in value]
    if isinstance(value, dict):
        return {name: unsigned(each) for name, each in value.items()}
    return 0.0 if isinstance(value, float) and value == 0 else value


@pytest.fixture(scope="module")
def reference():
    evaluator = go_jsonnet.GoJsonnet()
    yield evaluator
    evaluator.close()


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_go_jsonnet_gives_the_same_value_or_both_fail(reference, count):
    @settings(
        max_examples=count,
        derandomize=count == FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def check(text):
        (expected,) = reference.evaluate([text])
        if isinstance(expected, go_jsonnet.Error) and any(
            limit in expected.message for limit in LIMITS
        ):
            return
        actual = evaluate(text)
        if isinstance(expected, go_jsonnet.Error) or isinstance(actual, go_jsonnet.Error):
            assert isinstance(expected, go_jsonnet.Error), (
                f"rejected: {actual}\nreference: {expected}\n{text}"
            )
            assert isinstance(actual, go_jsonnet.Error), (
                f"accepted: {actual}\nreference: {expected}\n{text}"
            )
        else:
            assert go_jsonnet.same(actual, unsigned(expected)), (
                f"actual: {actual}\nreference: {expected}\n{text}"
            )
            printed = print_tree(parse(Source("program", text)))
            assert go_jsonnet.same(evaluate(printed), actual), f"printed: {printed}\n{text}"

    check()

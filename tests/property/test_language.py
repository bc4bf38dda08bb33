"""The whole language against its judge, over programs that hypothesis writes.

`pytest -m slow tests/property/test_language.py` runs the long version, of LANGUAGE_PROGRAMS.
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

FEW = 1000
MANY = int(os.environ.get("LANGUAGE_PROGRAMS", "20000"))
LIMITS = ("max stack frames exceeded", "INTERNAL ERROR")
"""What go-jsonnet says where its own limits or mistakes end a program: such programs are exempt."""


def unsigned(value):
    """The value with every negative zero as zero: RFC 8785 writes both as `0`."""
    if isinstance(value, list):
        return [unsigned(each) for each in value]
    if isinstance(value, dict):
        return {name: unsigned(each) for name, each in value.items()}
    return 0.0 if isinstance(value, float) and value == 0 else value


@pytest.fixture(scope="module")
def official():
    one = go_jsonnet.GoJsonnet()
    yield one
    one.close()


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_every_program_has_the_value_go_jsonnet_gives_it_or_is_an_error_in_both(official, count):
    @settings(
        max_examples=count,
        derandomize=count == FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def agree(text):
        (theirs,) = official.evaluate([text])
        if isinstance(theirs, go_jsonnet.Error) and any(
            limit in theirs.message for limit in LIMITS
        ):
            return
        ours = evaluate(text)
        if isinstance(theirs, go_jsonnet.Error) or isinstance(ours, go_jsonnet.Error):
            assert isinstance(theirs, go_jsonnet.Error), f"refused: {ours}\njudge: {theirs}\n{text}"
            assert isinstance(ours, go_jsonnet.Error), f"accepted: {ours}\njudge: {theirs}\n{text}"
        else:
            assert go_jsonnet.same(ours, unsigned(theirs)), f"ours: {ours}\njudge: {theirs}\n{text}"
            printed = print_tree(parse(Source("program", text)))
            assert go_jsonnet.same(evaluate(printed), ours), f"printed: {printed}\n{text}"

    agree()

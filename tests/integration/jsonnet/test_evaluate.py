"""The interpreter and go-jsonnet agree: the same value, or an error on both sides."""

import pytest

from eventer.core.errors import EventerError, TemplateError
from eventer.core.model import Template
from eventer.jsonnet.budget import Budget
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load
from eventer.kernels import draw
from tests import go_jsonnet
from tests.families import family
from tests.integration.jsonnet.corpus import programs
from tests.unit.jsonnet.evaluation import NoNatives

PROGRAMS = programs()
NO_TIME_LIMIT = Budget(seconds=None)


def ours(text):
    try:
        program = load(Template(text, name="program"))
        return Interpreter(program, Environment(NoNatives(), draw), NO_TIME_LIMIT).event(1).value
    except EventerError as error:
        return error


def no_negative_zero(value):
    """Negative zero is `-0` to go-jsonnet, and 0 in an event (RFC 8785)."""
    if isinstance(value, list):
        return [no_negative_zero(each) for each in value]
    if isinstance(value, dict):
        return {name: no_negative_zero(each) for name, each in value.items()}
    return 0.0 if isinstance(value, float) and value == 0.0 else value


@pytest.fixture(scope="module")
def verdicts():
    return dict(zip(PROGRAMS, go_jsonnet.evaluate(PROGRAMS), strict=True))


def test_the_corpus_is_large_without_duplicates():
    assert len(set(PROGRAMS)) == len(PROGRAMS) >= 250


@family("text", PROGRAMS)
def test_agrees(text, verdicts):
    verdict, mine = verdicts[text], ours(text)
    if isinstance(verdict, go_jsonnet.Error):
        assert verdict.kind == "error"
        assert isinstance(mine, TemplateError), f"go-jsonnet says {verdict.message}"
        assert mine.place is not None
    else:
        assert go_jsonnet.same(mine, no_negative_zero(verdict)), f"{mine} is not {verdict}"

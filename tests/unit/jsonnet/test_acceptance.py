"""What is accepted and refused: a corpus of our own, confirmed by go-jsonnet itself."""

import pytest

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.jsonnet.load import load
from tests import go_jsonnet
from tests.unit.jsonnet.corpus import ACCEPTED, LIBRARY, REFUSED

IMPORTS = tuple((path, text.encode()) for path, text in LIBRARY.items())


def our_error(text):
    try:
        load(Template(text, imports=IMPORTS))
    except TemplateError as error:
        return error
    return None


def accepted_by_go_jsonnet(answer):
    return not isinstance(answer, go_jsonnet.Error) or answer.message.startswith("RUNTIME ERROR")


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepts(text):
    assert our_error(text) is None


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_with_a_place(text):
    place = our_error(text).place
    assert place.source_line in text.replace("\r", "").split("\n")


def test_go_jsonnet_agrees_on_the_whole_corpus():
    texts = [*ACCEPTED, *REFUSED]
    answers = go_jsonnet.evaluate([go_jsonnet.Program(text, library=LIBRARY) for text in texts])
    assert not [answer for answer in answers if getattr(answer, "kind", "error") != "error"]
    accepted = [
        text for text, answer in zip(texts, answers, strict=True) if accepted_by_go_jsonnet(answer)
    ]
    assert accepted == ACCEPTED


def test_the_corpus_is_large():
    assert len(ACCEPTED) + len(REFUSED) > 800

"""The corpus of accepted and refused programs.

tests/integration/jsonnet/test_acceptance.py compares it with go-jsonnet.
"""

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.jsonnet.load import load
from tests.families import family
from tests.unit.jsonnet.corpus import ACCEPTED, LIBRARY, REFUSED

IMPORTS = tuple((path, text.encode()) for path, text in LIBRARY.items())


def our_error(text):
    try:
        load(Template(text, imports=IMPORTS))
    except TemplateError as error:
        return error
    return None


@family("text", ACCEPTED)
def test_accepts(text):
    assert our_error(text) is None


@family("text", REFUSED)
def test_refuses_with_a_place(text):
    place = our_error(text).place
    assert place.source_line in text.replace("\r", "").split("\n")


def test_the_corpus_is_large():
    assert len(ACCEPTED) + len(REFUSED) > 800

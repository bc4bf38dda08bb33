"""Go-jsonnet accepts and rejects the same programs as the corpus says."""

from tests import go_jsonnet
from tests.unit.jsonnet.corpus import ACCEPTED, LIBRARY, REFUSED


def accepts(answer):
    return not isinstance(answer, go_jsonnet.Error) or answer.message.startswith("RUNTIME ERROR")


def test_go_jsonnet_agrees_on_the_whole_corpus():
    texts = [*ACCEPTED, *REFUSED]
    answers = go_jsonnet.evaluate([go_jsonnet.Program(text, library=LIBRARY) for text in texts])
    assert not [answer for answer in answers if getattr(answer, "kind", "error") != "error"]
    accepted = [text for text, answer in zip(texts, answers, strict=True) if accepts(answer)]
    assert accepted == ACCEPTED

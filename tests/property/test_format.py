"""Formatting keeps the meaning and the comments of a template, and is done after one pass.

`pytest -m slow tests/property/test_format.py` formats more programs.
"""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.core.source import Source
from eventer.jsonnet.format.formatter import format_source
from eventer.jsonnet.importer import FolderImporter
from eventer.jsonnet.lexer import lex
from eventer.jsonnet.load import load
from eventer.plan.prepare import SIGNATURES
from tests.families import family
from tests.property.programs import programs
from tests.property.templates import templates

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*ROOT.glob("examples/**/*.*sonnet"), *ROOT.glob("src/eventer/cli/examples/*")])
MANY = 20_000
SPACE = ("", "", "", " ", "\n", "\n\n\n\n\n", " // {}\n", "/* {} */", "# {}\n", "\n  /* {}\n */\n")
COMMENT = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/|#[^\n]*")


def formatted(text):
    return format_source(Source("template", text))


def digest(text):
    """The digest; a text that is refused for another reason than its syntax has none."""
    try:
        return load(Template(text), FolderImporter(ROOT / "examples/library"), SIGNATURES).digest
    except TemplateError as error:
        return type(error)


def check(text):
    once = formatted(text)
    assert formatted(once) == once, text
    assert digest(once) == digest(text), f"{text}\n---\n{once}"
    assert "|||" in once or "/*" in once or not re.search(r"[ \t]$", once, re.MULTILINE)
    return once


@pytest.mark.parametrize(
    "many", [False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
@pytest.mark.parametrize(
    ("texts", "few"),
    [(programs(), 25), (templates().map(lambda each: each.text), 5)],
    ids=["programs", "templates"],
)
def test_meaning_and_comments_stay_and_a_second_pass_changes_nothing(texts, few, many):
    @settings(
        max_examples=MANY if many else few,
        derandomize=not many,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts, st.randoms(use_true_random=False))
    def run(text, random):
        parts, at, comments = [], 0, []
        for token in lex(Source("template", text)):
            space = random.choice(SPACE) if at else ""
            if "{}" in space:
                comments.append(f"c{len(comments)}")
            parts += [text[at : token.start], space.format(*comments[-1:]), token.text]
            at = token.end
        once = check("".join(parts))
        found = re.findall(r"\bc\d+\b", " ".join(COMMENT.findall(once)))
        assert [each for each in found if each in comments] == comments

    run()


@family("file", EXAMPLES)
def test_examples(file):
    check(file.read_text("utf-8"))

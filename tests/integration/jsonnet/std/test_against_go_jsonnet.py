"""Every function of `std` against go-jsonnet: the same value, or an error of both.

The corpora have one expression per line and one file per family. `valid_calls.py` makes wrong calls
of all functions, `format_programs.py` all conversions; the short form runs a part of these lists.
"""

import json
from pathlib import Path

import pytest

from tests import go_jsonnet
from tests.integration.jsonnet.std import format_programs, yaml_texts
from tests.unit.jsonnet.std import valid_calls
from tests.unit.jsonnet.std.comparison import differences, evaluate

CORPUS = Path(__file__).parent / "corpus"
FAMILIES = ["types", "mathematics", "strings", "arrays", "sets", "objects", "manifest", "parse"]
GENERATED = {
    "arities": list(valid_calls.wrong_arity()),
    "values": list(valid_calls.any_values()),
    "formats": format_programs.PROGRAMS,
}
PART = 7


def lines(family):
    text = (CORPUS / f"{family}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("#")]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family(family):
    assert not differences(lines(family))


@pytest.mark.parametrize("kind", GENERATED)
def test_a_part_of_what_is_generated(kind):
    assert not differences(GENERATED[kind][::PART])


@pytest.mark.slow
@pytest.mark.parametrize("kind", GENERATED)
def test_all_of_what_is_generated(kind):
    assert not differences(GENERATED[kind])


def test_yaml():
    texts = [*yaml_texts.TEXTS, *yaml_texts.SPECIAL]
    assert not differences([f"std.parseYaml({json.dumps(text)})" for text in texts])


def test_yaml_that_only_go_jsonnet_accepts():
    """After brackets in which each entry begins with `?`, go-yaml ignores what follows them."""
    program = "std.parseYaml('{? a: b} c: d')"
    assert go_jsonnet.evaluate([program]) == [{"a": "b"}]
    assert "at line 1, column 10" in evaluate(program).message


def test_written_yaml_is_read_back():
    """`parseYaml` reads what `manifestYamlDoc` writes, with and without quotes, in both engines."""
    keys = ["a", "a b", "1", "1e5", "yes", "0x1f", "0b1", "2001-01-01", ".5", "-", "null", "1_0"]
    value = json.dumps({key: ["x\ny\n", {key: [1.5, None, {}]}, []] for key in keys})
    programs = [
        f"std.parseYaml(std.manifestYamlDoc({value}, {indent}, {quote})) == {value}"
        for indent in ("true", "false")
        for quote in ("true", "false")
    ]
    assert not differences(programs)

"""Random texts against go-jsonnet: YAML, mutated YAML, JSON and formats; and random numbers."""

import json
import math
import random
import re
import struct

import pytest

from tests.families import family
from tests.integration.jsonnet.std import format_programs, yaml_texts
from tests.unit.jsonnet.std.comparison import differences

YAML_LETTERS = "abc: \n\n  -?#&*!|>'\"%@`[]{},0123.~<=\t\\yxéun_+e"
JSON_LETTERS = '{}[]:,"\\ud8ac0e-+.1ntruefals\n\t '
FORMAT_LETTERS = "%%%dsxfegc(a)*.-+ #0123l"
JSON_TEXTS = [
    '{"a": [1, -2.5e3, true, null, "x\\ud83d\\ude00\\n"], "b": {"c": []}}',
    "[1, 2, [3, [4]], {}]",
    '"text with \\"escapes\\" \\u0041"',
    "-0.5e+10",
]
FORMAT_TEXTS = [p.rpartition(" % ") for p in format_programs.PROGRAMS[-150:] if " % " in p]
WIDE = re.compile("[0-9]{3}")
QUICK, LONG = 200, 6_000


def mutated(source, text, letters):
    """A text with up to four characters inserted, deleted or repeated."""
    characters = list(text)
    for _ in range(source.randint(1, 4)):
        place, kind = source.randint(0, len(characters)), source.random()
        if kind < 0.4 or not characters:
            characters.insert(place, source.choice(letters))
        elif kind < 0.7:
            del characters[min(place, len(characters) - 1)]
        else:
            start = source.randint(0, len(characters))
            characters[place:place] = characters[start : start + source.randint(1, 6)]
    return "".join(characters)


def mutated_yaml(source):
    """A mutated text; not with brackets at the beginning, where go-yaml can ignore the rest."""
    texts = [text for text in [*yaml_texts.TEXTS, *yaml_texts.SPECIAL] if len(text) < 400]
    text = mutated(source, source.choice(texts), YAML_LETTERS)
    return f"- {text}" if text.lstrip().startswith(("[", "{")) else text


def yaml_program(make_text):
    """A maker of programs that parse what `make_text` returns."""
    return lambda source: f"std.parseYaml({json.dumps(make_text(source))})"


def json_program(source):
    return f"std.parseJson({json.dumps(mutated(source, source.choice(JSON_TEXTS), JSON_LETTERS))})"


def format_program(source):
    text, _, values = source.choice(FORMAT_TEXTS)
    changed = mutated(source, text[1:-1], FORMAT_LETTERS)
    if WIDE.search(changed):  # go-jsonnet runs out of stack
        return format_program(source)
    return f"{json.dumps(changed)} % {values}"


def number_program(source):
    bits = source.getrandbits(64)
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if not math.isfinite(number) or abs(number) < 3e-308:
        number = source.uniform(-1e6, 1e6)
    return f"local x = {number!r}; ['' + x, std.manifestJsonMinified(x), '%.3f' % (x % 1e9)]"


MAKERS = {
    "yaml": yaml_program(mutated_yaml),
    "yaml in brackets": yaml_program(yaml_texts.random_flow),
    "yaml in quotes": yaml_program(yaml_texts.random_quoted),
    "yaml in blocks": yaml_program(yaml_texts.random_block),
    "yaml in lines": yaml_program(yaml_texts.random_lines),
    "json": json_program,
    "formats": format_program,
    "numbers": number_program,
}


def programs(kind, count):
    source = random.Random(kind)
    return [MAKERS[kind](source) for _ in range(count)]


@family("kind", MAKERS)
def test_some_random_programs(kind):
    assert not differences(programs(kind, QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_many_random_programs(kind):
    assert not differences(programs(kind, LONG))

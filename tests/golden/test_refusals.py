"""Every reason why a template cannot use the plan has a golden case and a source location."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import eventer.plan
from tests.families import family
from tests.golden.test_golden import CASES

PLAN = Path(eventer.plan.__file__).parent
LIMIT = "needs a large template: covered by tests/unit/plan/test_limits.py"
GUARD = "guards against a wrong rule; no known template reaches it"
UNREACHED = {
    "the plan needs more than 20,000 columns": LIMIT,
    "an event needs more than 100,000 instructions": LIMIT,
    "an event has more than 4,194,304 bytes of constant text": LIMIT,
    "an event has a constant text of 5,000,000 characters": LIMIT,
    "it is nested too deeply": LIMIT,
    "its plan needs too much memory": LIMIT,
    "internal error of the plan compiler": GUARD,
    "a condition on a value whose type differs between events": GUARD,
    "a column of type text is used as number": GUARD,
    "std.range needs the same to in all events": GUARD,
    "the whole object of a function is used": GUARD,
}
"""Reasons without a golden case, and why they have none."""


def reason_patterns():
    """Yields a regular expression for every reason in the sources."""
    for path in sorted(PLAN.rglob("*.py")):
        text = path.read_text("utf-8")
        if "PlanUnsupportedError(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "PlanUnsupportedError"
            ):
                yield pattern(node.args[0], path)


def pattern(reason, path):
    if isinstance(reason, ast.Constant):
        return re.escape(reason.value)
    if isinstance(reason, ast.JoinedStr):
        return "".join(
            re.escape(part.value)
            if isinstance(part, ast.Constant)
            else placeholder_pattern(part, path)
            for part in reason.values
        )
    return re.escape(constant(reason.id, path))


def placeholder_pattern(part, path):
    """The pattern of a replacement field: the value of a module constant, else `.+`."""
    name = getattr(part.value, "id", "")
    if not name.isupper():
        return ".+"
    return re.escape(format(constant(name, path), "," if part.format_spec else ""))


def constant(name, path):
    parts = path.relative_to(PLAN.parents[1]).with_suffix("").parts
    return getattr(importlib.import_module(".".join(parts)), name)


@cache
def case_reasons():
    """The reasons in the golden files."""
    texts = [case.with_suffix(".golden").read_text("utf-8") for case in CASES]
    return re.findall(r"(?<=\nreason: ).*", "\0".join(texts))


@family("reason", sorted({*reason_patterns()}))
def test_reason_has_a_golden_case(reason):
    cases = [each for each in case_reasons() if re.match(reason, each)]
    unreached = [
        explanation for text, explanation in UNREACHED.items() if re.fullmatch(reason, text)
    ]
    assert bool(cases) != bool(unreached)


def test_every_reason_has_a_source_location():
    assert [
        each for each in case_reasons() if not re.search(r" \(line \d+, column \d+\)$", each)
    ] == []

"""Everything that the plan knows of has a golden case: expressions, functions, operations."""

import re
from functools import lru_cache

import pytest

from eventer.core.errors import TemplateError
from eventer.functions.catalog import CATALOG
from eventer.jsonnet.walk import walk_nodes
from eventer.plan.engine import EventContext
from eventer.plan.execution import OPERATIONS
from eventer.plan.std_results import STD_RESULTS
from eventer.plan.trace.std import TRACED_FUNCTIONS
from eventer.plan.trace.std_calls import SYMBOL_SAFE
from eventer.plan.trace.traced_rules import RULES
from eventer.plan.unsupported import PlanUnsupportedError
from tests.golden.test_golden import CASES, STREAM, prepared

STD = {*TRACED_FUNCTIONS, *SYMBOL_SAFE, *STD_RESULTS}


@lru_cache
def planned():
    """The program and the plan of each case that has one."""
    found = []
    for path in CASES:
        try:
            case = prepared(path)
            found.append((case.program, case.plan(STREAM, EventContext())))
        except (TemplateError, PlanUnsupportedError):
            continue
    return found


def written():
    """The names of `std` in all templates, and the kinds of nodes in those that have a plan."""
    texts = "".join(path.read_text("utf-8") for path in CASES)
    return {*re.findall(r"std\.(\w+)", texts)}


@pytest.mark.parametrize("name", sorted(each for each in STD if each.isalnum()))
def test_a_function_of_the_library_has_a_case(name):
    assert name in written()


@pytest.mark.parametrize("kind", sorted(RULES.plain, key=lambda each: each.__name__))
def test_a_kind_of_expression_has_a_case(kind):
    assert any(
        isinstance(node, kind) for program, _ in planned() for node in walk_nodes(program.root)
    )


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_has_a_case(name):
    assert any(
        node.operation == name for _, plan in planned() for node in plan.traced.tracer.graph.nodes
    )


@pytest.mark.parametrize("name", CATALOG.names())
def test_a_native_has_a_case(name):
    assert any(f"'{name}'" in path.read_text("utf-8") for path in CASES)

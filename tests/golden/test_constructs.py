"""Every construct that the plan supports has a golden case: expressions, functions, operations."""

import re
from functools import lru_cache

from eventer.core.errors import TemplateError
from eventer.functions.catalog import CATALOG
from eventer.jsonnet import std
from eventer.jsonnet.std.declarations import FUNCTIONS
from eventer.jsonnet.walk import walk_nodes
from eventer.plan.engine import EventContext
from eventer.plan.execution import OPERATIONS
from eventer.plan.std_results import STD_RESULTS
from eventer.plan.trace.std import TRACED_FUNCTIONS
from eventer.plan.trace.std_calls import SYMBOL_SAFE
from eventer.plan.trace.traced_rules import RULES
from eventer.plan.unsupported import PlanUnsupportedError
from tests.families import family
from tests.golden.test_golden import CASES, STREAM, prepare_case

STD = {*TRACED_FUNCTIONS, *SYMBOL_SAFE, *STD_RESULTS}
INTERPRETER_ONLY = {
    *("filterMap", "mergePatch", "objectRemoveKey", "parseJson", "parseYaml", "prune", "trace"),
    *("__array_greater", "__array_greater_or_equal", "__array_less", "__array_less_or_equal"),
    *("__compare", "__compare_array", "$objectFlatMerge"),
}
"""Functions of `std` that the plan does not apply to columns."""


def test_every_std_function_has_a_result_type_or_a_rule():
    std.load()
    assert set(FUNCTIONS) - STD == INTERPRETER_ONLY


@lru_cache
def used_constructs():
    """The kinds of expressions and the names of operations in the cases that have a plan."""
    kinds, operations = set(), set()
    for path in CASES:
        try:
            case = prepare_case(path)
            plan = case.plan(STREAM, EventContext())
        except (TemplateError, PlanUnsupportedError):
            continue
        kinds |= {type(node) for node in walk_nodes(case.program.root)}
        operations |= {node.operation for node in plan.traced.tracer.graph.nodes}
    return kinds, operations


@lru_cache
def std_names():
    """The names of `std` that the templates use."""
    texts = "".join(path.read_text("utf-8") for path in CASES)
    return {*re.findall(r"std\.(\w+)", texts)}


@family("name", sorted(each for each in STD if each.isalnum()))
def test_std_function_has_a_golden_case(name):
    assert name in std_names()


@family("kind", sorted(RULES.plain, key=lambda each: each.__name__))
def test_expression_kind_has_a_golden_case(kind):
    kinds, _ = used_constructs()
    assert any(issubclass(each, kind) for each in kinds)


@family("name", sorted(OPERATIONS))
def test_operation_has_a_golden_case(name):
    _, operations = used_constructs()
    assert name in operations


@family("name", CATALOG.names())
def test_native_function_has_a_golden_case(name):
    assert any(f"'{name}'" in path.read_text("utf-8") for path in CASES)

"""Every construct that the plan supports has a golden case: expressions, functions, operations."""

import re
from functools import cache

from eventer.functions.catalog import CATALOG
from eventer.jsonnet import std
from eventer.jsonnet.std.declarations import FUNCTIONS
from eventer.jsonnet.walk import walk_nodes
from eventer.plan.execution import OPERATIONS
from eventer.plan.ops.context_texts import CONTEXT_TEXT
from eventer.plan.std_results import STD_RESULTS
from eventer.plan.trace.std import TRACED_FUNCTIONS
from eventer.plan.trace.std_calls import SYMBOL_SAFE
from eventer.plan.trace.traced_rules import RULES
from tests.families import family
from tests.golden.test_golden import CASES, prepare_case

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


@cache
def planned():
    """The cases that have a plan, with their golden texts."""
    texts = {path: path.with_suffix(".golden").read_text("utf-8") for path in CASES}
    return {path: text for path, text in texts.items() if text.startswith("engine: plan\n")}


@cache
def used_kinds():
    """The kinds of expressions in the cases that have a plan."""
    roots = [prepare_case(path).program.root for path in planned()]
    return {type(node) for root in roots for node in walk_nodes(root)}


@cache
def used_operations():
    """The names of operations in the plans of the cases: a column has number, rows, type, name.

    A plan shows the texts of the context as literals.
    """
    texts = "".join(planned().values())
    shown = {*re.findall(r"^  %\d+ +d\d+ +\w+ +(\w+)", texts, re.MULTILINE)}
    return shown | {CONTEXT_TEXT} if "'get_dataset'" in template_texts() else shown


@cache
def template_texts():
    return "".join(path.read_text("utf-8") for path in CASES)


@family("name", sorted(each for each in STD if each.isalnum()))
def test_std_function_has_a_golden_case(name):
    assert re.search(rf"std\.{name}\b", template_texts())


@family("kind", sorted(RULES.plain, key=lambda each: each.__name__))
def test_expression_kind_has_a_golden_case(kind):
    assert any(issubclass(each, kind) for each in used_kinds())


@family("name", sorted(OPERATIONS))
def test_operation_has_a_golden_case(name):
    assert name in used_operations()


@family("name", CATALOG.names())
def test_native_function_has_a_golden_case(name):
    assert f"'{name}'" in template_texts()

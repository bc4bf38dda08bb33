"""The grammar of random templates has every function, with each of its parameters."""

import re

from eventer.core.source import Source
from eventer.functions.catalog import CATALOG
from eventer.functions.chain_states import DISTRIBUTIONS
from eventer.jsonnet.nodes import Apply, Index, Literal, Node, Var
from eventer.jsonnet.parser import parse
from eventer.jsonnet.walk import child_nodes
from tests.property.templates import CHAINS, CONSTRUCTS, DRAWS, STATES

TEXTS = {*CHAINS, *STATES, *(text for texts in DRAWS.values() for text in texts)}
PLACEHOLDER = re.compile(r"(?<!\{)\{[a-z]+\}(?!\})")


def parsed(construct):
    """The tree of a construct with `x` in place of each expression to come."""
    text = PLACEHOLDER.sub("x", construct)
    return parse(Source("construct", text.replace("{{", "{").replace("}}", "}")))


def calls(node):
    """The calls of functions of templates: the name of the function, and the call."""
    if isinstance(node, Apply) and (name := function_name(node.target)):
        yield name, node
    for child in child_nodes(node):
        yield from calls(child)


def function_name(target: Node):
    match target:
        case Var(name=name) if CATALOG.find(name):
            return name
        case Index(target=Var(name="library"), index=Literal(value=name)):
            return f"get_{name}"
    return None


def given(name, call):
    """The parameters that a call gives."""
    parameters = [parameter.name for parameter in CATALOG.get(name).parameters]
    return {*parameters[: len(call.positional)], *(each.name for each in call.named)}


def test_random_templates_call_every_function_with_each_parameter():
    used = {}
    for text in TEXTS:
        for name, call in calls(parsed(text)):
            used.setdefault(name, set()).update(given(name, call))
    assert used == {
        name: {parameter.name for parameter in CATALOG.get(name).parameters}
        for name in CATALOG.names()
    }


def test_the_comparison_of_the_engines_waits_for_each_of_these_calls():
    assert TEXTS <= CONSTRUCTS


def test_states_of_random_chains_last_as_each_distribution_says():
    found = {name for name in DISTRIBUTIONS for states in STATES if f"dwell: {{ {name}:" in states}
    assert found == DISTRIBUTIONS.keys()

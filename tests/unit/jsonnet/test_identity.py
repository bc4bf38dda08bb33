"""Identity over programs that hypothesis writes: what counts, and what does not."""

from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.jsonnet.load import load
from eventer.jsonnet.nodes import Apply, ForSpec
from eventer.jsonnet.walk import walk_nodes
from tests.jsonnet_printer import print_tree
from tests.property.programs import programs
from tests.unit.jsonnet.front_end import surface
from tests.unit.jsonnet.rewriting import add_fields, mutations, rewrite_equivalently

slow = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def loaded(text):
    try:
        return load(Template(text))
    except TemplateError:
        assume(False)
        raise


def site_counts(program):
    found = [node for node in walk_nodes(program.root) if isinstance(node, (Apply, ForSpec))]
    return Counter(node.site for node in found)


@slow
@given(programs(), st.integers(0, 2**32))
def test_equivalent_rewriting_keeps_digest_and_sites(text, seed):
    program = loaded(text)
    other = load(Template(rewrite_equivalently(text, seed)))
    assert other.digest == program.digest
    assert site_counts(other) == site_counts(program)


@slow
@given(programs())
def test_printing_keeps_digest_and_sites(text):
    program = loaded(text)
    for tree in (surface(text), program.root):
        again = load(Template(print_tree(tree)))
        assert again.digest == program.digest
        assert site_counts(again) == site_counts(program)


@slow
@given(programs())
def test_sites_are_apart_and_never_zero(text):
    counts = site_counts(loaded(text))
    assert set(counts.values()) <= {1}
    assert 0 not in counts


@slow
@given(programs())
def test_new_fields_leave_all_other_sites(text):
    program = loaded(text)
    try:
        other = load(Template(add_fields(text)))
    except TemplateError:
        assume(False)
        raise
    assert site_counts(program) <= site_counts(other)


@settings(slow, max_examples=60)
@given(programs(depth=4))
def test_each_literal_and_argument_counts(text):
    program = loaded(text)
    digests = [load(Template(other)).digest for other in mutations(program.root)]
    assert program.digest not in digests

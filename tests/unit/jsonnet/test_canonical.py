"""Digests and sites as in docs/explanation/identity.md."""

from hashlib import blake2b

import pytest

from eventer.core.model import Template
from eventer.jsonnet.canonical_forms import digest as form_digest
from eventer.jsonnet.canonical_forms import digests_after
from eventer.jsonnet.load import load
from eventer.jsonnet.nodes import Apply, Bind, ForSpec, Local
from eventer.jsonnet.walk import walk_nodes
from tests.families import family
from tests.unit.jsonnet.front_end import digest, program, sites, sites_of

HEAD = "local r = std.native('r'); "


def site_map(text):
    """Sites by the applied text, which must be unique."""
    found = dict(sites(HEAD + text))
    found.pop("std.native('r')")
    return found


@family(
    ("one", "other"),
    [
        ("{ a: 1, b: 2 }", "{ b: 2, a: 1 }"),
        ("{ a: 1, 'b c': 2 }", "{ 'b c': 2, \"a\": 1, }"),
        ("{ [r(1)]: 1, [r(2)]: 2, c: 3 }", "{ c: 3, [r(2)]: 2, [r(1)]: 1 }"),
        ("{ ['a']: 1 }", "{ a: 1 }"),
        ("{ [local unused = 1; 'a']: 1 }", "{ a: 1 }"),
        ("1", "1.0"),
        ("1", "1e0"),
        ("1000", "1_000"),
        ("'é'", r'"\u00e9"'),
        ("'a\\n'", "|||\n  a\n|||"),
        ("{ a: $.b, b: 1 }", "{ a: $['b'], b: 1 }"),
        ("((1)) + (2)", "1+2 // c"),
        ("local x = r(1); [x, x]", "local y = r(1); [y, y]"),
        ("local x = r(1), y = r(2); [x, y]", "local b = r(2), a = r(1); [a, b]"),
        ("local x = r(1), y = r(2); [x, y]", "local x = r(1); local y = r(2); [x, y]"),
        ("local x = r(1), y = r(2); [x, y]", "local y = r(2); local x = r(1); [x, y]"),
        ("local x = r(1); x", "local x = r(1), unused = r(2), more = unused; x"),
        ("{ local x = r(1), a: x }", "{ a: y, local y = r(1), local u = self.a }"),
        ("local f(x) = x; f(1)", "local g = function(y) y; g(1)"),
        ("function(x, y) [x, y]", "function(a, b) [a, b]"),
        ("[x for x in [1] if x > 0]", "[y for y in [1] if y > 0]"),
        ("{ [x]: x for x in ['a'] }", "{ [k]: k for k in ['a'] }"),
        ("local f(n) = f(n - 1); f(1)", "local g(m) = g(m - 1); g(1)"),
        (
            "local even(n) = odd(n - 1), odd(n) = even(n - 2); [even(1), odd(1)]",
            "local b(n) = a(n - 2), a(n) = b(n - 1); [a(1), b(1)]",
        ),
        ("r(1)(a=1, b=2)", "r(1)(b=2, a=1)"),
        ("if r(1) then 2", "if r(1) then 2 else null"),
        ("assert r(1) : 'm'; 2", "if r(1) then 2 else error 'm'"),
        ("{ a(x): x }", "{ a: function(x) x }"),
        ("{ a: 1 } { b: 2 }", "{ a: 1 } + { b: 2 }"),
        ("local x = r(1), y = r(1); [x, y]", "local x = r(1), y = r(1); [y, x]"),
    ],
)
def test_does_not_change_the_digest(one, other):
    assert digest(HEAD + one) == digest(HEAD + other)
    numbers = [[site for _, site in sites(HEAD + text)] for text in (one, other)]
    assert sorted(numbers[0]) == sorted(numbers[1])


@family(
    ("one", "other"),
    [
        ("1", "2"),
        ("0", "-0"),
        ("1", "'1'"),
        ("true", "1"),
        ("null", "false"),
        ("[1, 2]", "[2, 1]"),
        ("[[1], 2]", "[[1, 2]]"),
        ("{ a: 1 }", "{ b: 1 }"),
        ("{ a: 1 }", "{ a:: 1 }"),
        ("{ a: 1 }", "{ a+: 1 }"),
        ("{ a: 1 }", "{ a: 1, b: 2 }"),
        ("{ a: { b: 1 } }", "{ a: {}, b: 1 }"),
        ("r(1)", "r(2)"),
        ("r(1)", "r(1, 1)"),
        ("r(1)", "r(1) tailstrict"),
        ("r(a=1)", "r(b=1)"),
        ("[r(1), 1]", "[1, r(1)]"),
        ("local x = r(1); [x, x]", "[r(1), r(1)]"),
        ("local x = r(1); [x, x]", "local x = r(1), y = r(1); [x, y]"),
        ("local x = r(1); [x, [x]]", "[local x = r(1); x, [local x = r(1); x]]"),
        ("local x = r(1); { a: x }", "{ local x = r(1), a: x }"),
        ("function(x, y) [x, y]", "function(x, y) [y, x]"),
        ("function(x) function(y) x", "function(x) function(y) y"),
        ("function(x) x", "function(x=1) x"),
        ("[[x, y] for x in [1] for y in [1]]", "[[y, x] for x in [1] for y in [1]]"),
        ("local f(x, y) = x - y; f(x=1, y=2)", "local f(y, x) = y - x; f(x=1, y=2)"),
        ("local f(x) = x; f(x=1)", "local f(y) = y; f(x=1)"),
        ("local a = 1, b = 2; [a, b]", "local a = 1, b = 2; [b, a]"),
        ("{ a: self.b, b: 1 }", "{ a: $['a'], b: 1 }"),
        ("{ a: { b: self.c, c: 1 }, c: 1 }", "{ a: { b: $.c, c: 1 }, c: 1 }"),
        (
            "{ a: 1, o: local x = self.a; { a: 2, local y = self.a, b: [x, y] } }",
            "{ a: 1, o: local x = self.a; { a: 2, local y = self.a, b: [y, x] } }",
        ),
        (
            "local f(n) = g(n), g(n) = f(n + 1); f(1)",
            "local f(n) = g(n), g(n) = f(n + 1); g(1)",
        ),
        ("std.a", "local std = {}; std.a"),
        ("1 + 2", "1 - 2"),
        ("-1", "+1"),
        ("{ assert true }", "{ assert true : 'm' }"),
        ("if true then 1", "if true then 1 else 2"),
    ],
)
def test_changes_the_digest(one, other):
    assert digest(HEAD + one) != digest(HEAD + other)


def test_a_new_field_leaves_the_sites_of_the_others():
    before = site_map("local item(n) = { id: r(n) }; { a: r(1), b: { c: r(2) }, d: [item(3)] }")
    after = site_map(
        "local item(n) = { id: r(n) };"
        "{ a0: r(0), a: r(1), b: { b: r(4), c: r(2) }, d: [item(3)], [r(5)]: 1 }"
    )
    assert {name: after[name] for name in before} == before


def test_a_computed_field_keeps_its_sites_when_its_value_changes():
    before = site_map("{ [r('n')]: { a: r(1) } }")
    after = site_map("{ [r('n')]: { a: r(1), b: r(2) }, [r('m')]: r(3) }")
    assert {name: after[name] for name in before} == before


def test_a_moved_draw_has_another_site():
    assert site_map("{ a: r(1) }") != site_map("{ b: r(1) }")
    assert site_map("{ a: [r(1)] }") != site_map("{ a: [0, r(1)] }")
    assert site_map("local x = r(1); x") != site_map("r(1)")


def test_local_is_transparent():
    assert site_map("{ a: local x = 1; [x, r(1)] }") == site_map("{ a: [0, r(1)] }")


def test_a_used_local_does_not_move_other_sites():
    before = site_map("{ a: r(1), b: 2 }")
    after = site_map("local x = r(3); { a: r(1), b: 2, c: x }")
    assert after["r(1)"] == before["r(1)"]


def test_functions_draw_at_their_body_wherever_they_are_called():
    one = site_map("local f(x) = r(x); { a: f(1) }")
    more = site_map("local f(x) = r(x); { a: f(1), b: f(2), c: [f(3)] }")
    assert more["r(x)"] == one["r(x)"]
    assert len({more["f(1)"], more["f(2)"], more["f(3)"]}) == 3


def test_naming_a_parameter_in_a_call_moves_no_site():
    one = site_map("local f(x) = r(x); { a: f(1) }")
    more = site_map("local f(x) = r(x); { a: f(1), b: f(x=2) }")
    assert (more["r(x)"], more["f(1)"]) == (one["r(x)"], one["f(1)"])


def test_every_site_is_set_and_unique():
    text = HEAD + (
        "local f(x) = r(x), x = r(1), y = r(1); { a: f(1), b: [f(2) for i in f(3) for j in [i]],"
        " [f(4)]: x, c: { local z = r(1), d: [x, y, z] }, e: { [k]: f(5) for k in [f(6)] } }"
    )
    found = [site for _, site in sites(text)]
    assert 0 not in found
    assert len(set(found)) == len(found)


def test_a_for_and_the_application_in_its_source_have_different_sites():
    found = site_map("[x for x in r(1)]")
    assert found["for x"] != found["r(1)"]


def test_unused_locals_are_dropped_from_the_tree():
    root = program("local a = 1, b = a; local c = 2; { local d = c, local e = b, f: d }").root
    binds = [
        bind.name for node in walk_nodes(root) if isinstance(node, Local) for bind in node.binds
    ]
    assert (binds, [bind.name for bind in root.body.locals]) == (["c"], ["d"])


def test_the_dollar_is_bound_only_where_it_is_used():
    assert [bind.name for bind in program("{ a: { b: $.c }, c: 1 }").root.locals] == ["$"]
    assert program("{ a: { b: self.c, c: 1 } }").root.locals == ()


def test_imports_count_by_path_and_text():
    base = digest("import 'a'", a="1")
    assert digest("import './a' // c", a="1.0") == base
    assert digest("import 'a'", a="2") != base
    assert digest("import 'b'", b="1") != base
    assert digest("importstr 'a'", a="1") != base
    assert digest("importstr 'a'", a="1.0") != digest("importstr 'a'", a="1")


def test_imports_of_unused_locals_do_not_count():
    assert digest("local lib = import 'a'; 1", a="2") == digest("1")
    library = "{ local unused = import 'b', x: 1 }"
    assert digest("import 'a'", a=library, b="2") == digest("import 'a'", a=library, b="3")


def test_imports_of_imports_count():
    one = digest("import 'a'", a="import 'b'", b="1")
    assert digest("import 'a'", a="import 'b'", b="2") != one


def test_sites_of_imported_files_are_relative_to_their_root():
    text = HEAD + "{ a: r(1) }"
    imported = program("[import 'lib']", lib=text).code["lib"]
    assert sites_of(imported) == sites(text)


def test_argument_names_count_across_files():
    one = digest("(import 'lib')(x=1, y=2)", lib="function(x, y) x - y")
    assert digest("(import 'lib')(x=1, y=2)", lib="function(y, x) y - x") != one


def test_variables_count():
    def with_vars(text):
        return load(Template("function(a=1) a", vars=text)).digest

    assert with_vars('{"a": 1}') == with_vars('{"a":1.0}')
    assert with_vars('{"a": 1}') != with_vars('{"a":2}')
    assert with_vars('{"a": 1}') != with_vars("{}")


def test_parameters_that_variables_name_count():
    one = load(Template("function(a, b) a - b", vars='{"a":1,"b":2}')).digest
    other = load(Template("function(b, a) b - a", vars='{"a":1,"b":2}')).digest
    assert one != other


def test_names_of_templates_do_not_count():
    assert load(Template("1", name="a")).digest == load(Template("1", name="b")).digest


def path(*steps):
    """Paths as docs/explanation/identity.md specifies them."""
    here = bytes(16)
    for step in steps:
        here = blake2b(here + step, digest_size=16, person=b"eventer.path").digest()
    return int.from_bytes(here[:8], "little")


def form(*parts):
    """Hashes of forms as docs/explanation/identity.md specifies them."""
    packed = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    return blake2b(packed, digest_size=16, person=b"eventer.form").digest()


def head(*parts):
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def test_sites_are_specified_bit_for_bit():
    text = "{ a: std.f(1, x=std.g()), b: [0, std.h()], c: [y for y in std.i() if std.j()] }"
    assert dict(sites(text)) == {
        "std.f(1, x=std.g())": path(b".a"),
        "std.g()": path(b".a", b":x"),
        "std.h()": path(b".b", b"1"),
        "std.i()": path(b".c", b"for 0"),
        "std.j()": path(b".c", b"if 1"),
        "for y": path(b".c", b"element 0"),
    }


def test_sites_of_locals_are_specified_bit_for_bit():
    text = "{ a: local x = std.f(); [x, x] }"
    index = form(head(b"index"), form(b"variable", b"std"), form(head(b"string", b"f")))
    bound = form(head(b"apply", b"", b"0"), index)
    assert dict(sites(text)) == {"std.f()": path(b".a", b"local" + bound + b"0")}


def test_sites_of_computed_fields_are_specified_bit_for_bit():
    text = "{ [std.f()]: std.g() }"
    index = form(head(b"index"), form(b"variable", b"std"), form(head(b"string", b"f")))
    name = form(head(b"apply", b"", b"0"), index)
    assert dict(sites(text)) == {
        "std.f()": path(b"name" + name + b"0"),
        "std.g()": path(b"[]" + name + b"0"),
    }


def test_the_digest_is_frozen():
    text = "local f(x, y=2) = x + y; { a: f(1), b: [c for c in [1, 'é'] if c != null], d:: self.a }"
    found = load(Template(text, vars='{"v":1}')).digest.hex()
    assert found == "ee236f5f5083d398ecc2976aed9f87e4a16133e9cacf86b938d087029f3caca6"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "local x0 = 1; "
            + "".join(f"local x{i} = [x{i - 1}, x{i - 1}]; " for i in range(1, 300))
            + "x299",
            id="shared",
        ),
        pytest.param(
            "local "
            + ", ".join(f"f{i}(n) = f{(i + 1) % 300}(n) + f{(i * 7) % 300}(n)" for i in range(300))
            + "; f0(1)",
            id="recursive",
        ),
        pytest.param("{ ['a' + 'b']: " * 200 + "1" + "}" * 200, id="computed"),
        pytest.param(
            "".join(f"local f{i}(x) = " for i in range(100))
            + " + ".join(f"f{i}(x)" for i in range(100))
            + "".join(f"; f{i}(1)" for i in reversed(range(100))),
            id="nested",
        ),
    ],
)
def test_work_grows_with_the_text(text):
    """The test would not end if shared expressions were walked twice."""
    assert load(Template(text)).digest


def test_equal_locals_are_numbered_by_first_use():
    sites = local_sites("local x = r(1), y = r(1); { b: x, a: y }")
    swapped = local_sites("local x = r(1), y = r(1); { b: y, a: x }")
    assert sites["x"] != sites["y"]
    assert (swapped["x"], swapped["y"]) == (sites["y"], sites["x"])


def local_sites(text):
    """Sites of bound applications by the names of their locals."""
    found = [node for node in walk_nodes(program(HEAD + text).root) if isinstance(node, Bind)]
    return {bind.name: bind.body.site for bind in found if isinstance(bind.body, Apply)}


def test_for_sites_are_set():
    root = program("{ a: [x for x in [1] for y in [2]], b: { [k]: 1 for k in ['a'] } }").root
    found = [node.site for node in walk_nodes(root) if isinstance(node, ForSpec)]
    assert len(set(found)) == 3
    assert 0 not in found


def test_digests_with_a_common_beginning():
    beginning, ends = [b"group", b"a", b""], [b"b", b"", b"group"]
    assert digests_after(beginning, ends) == [form_digest(*beginning, end) for end in ends]

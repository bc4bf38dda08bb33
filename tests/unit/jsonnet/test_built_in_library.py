"""`import 'eventer.libsonnet'` means `std.native`; other uses are errors with a hint."""

import pytest

from eventer.core.errors import TemplateError, TemplateStaticError
from eventer.core.model import Template
from eventer.jsonnet.importer import FolderImporter, NoLibrary
from eventer.jsonnet.lint import LintNames, lint
from eventer.jsonnet.load import load
from eventer.jsonnet.native_arguments import NativeSignature
from eventer.jsonnet.nodes import Apply
from eventer.jsonnet.walk import walk_nodes
from tests.families import family
from tests.unit.jsonnet.front_end import sites_of, where

SIGNATURES = {
    name: NativeSignature(name, parameters)
    for name, parameters in {
        "get_integer": (("lo", False), ("hi", False)),
        "get_text": (("a", True), ("b", True), ("c", True)),
        "get_draw": (),
        "draw": (),
    }.items()
}
HEAD = "local e = import 'eventer.libsonnet'; "


def loaded(text, importer=None, **files):
    imports = tuple((path.replace("__", "."), data.encode()) for path, data in files.items())
    return load(Template(text, imports=imports), importer, SIGNATURES)


def refused(text, importer=None, **files):
    with pytest.raises(TemplateError) as caught:
        loaded(text, importer, **files)
    return caught.value


LONG = "{ id: std.native('get_integer')(1, 10) }"
BOUND_TWICE = "local f = std.native('get_integer'); local g = f; { id: g(1, 10) }"
BOUND = "local f = std.native('get_integer'); { id: f(1, 10) }"


@family(
    ("text", "long_form"),
    [
        (HEAD + "{ id: e.integer(1, 10) }", LONG),
        (HEAD + "{ id: e['integer'](1, 10) }", LONG),
        (HEAD + "{ id: e.integer(hi=10, lo=1) }", LONG),
        (HEAD + "{ id: e.integer(1, hi=10) }", LONG),
        ("{ local e = import 'eventer.libsonnet', id: e.integer(1, 10) }", LONG),
        ("{ id: (import 'eventer.libsonnet').integer(1, 10) }", LONG),
        (HEAD + "local f = e.integer; { id: f(1, 10) }", BOUND),
        (HEAD + "local f = e.integer; local g = f; { id: g(hi=10, lo=1) }", BOUND_TWICE),
        (HEAD + "[e.text(c='x')]", "[std.native('get_text')(null, null, 'x')]"),
        (HEAD + "e.text(b=e.draw)", "std.native('get_text')(null, std.native('get_draw'))"),
        (HEAD + "local f(a) = e.draw(); f(1)", "local f(a) = std.native('get_draw')(); f(1)"),
        (HEAD + "[e.text(a=1), function(a) a]", "[std.native('get_text')(1), function(b) b]"),
    ],
)
def test_short_forms_have_the_digest_and_the_sites_of_the_long_form(text, long_form):
    short, long = loaded(text), loaded(long_form)
    assert short.digest == long.digest
    assert sorted(each[1] for each in sites_of(short.root)) == sorted(
        each[1] for each in sites_of(long.root)
    )
    assert short.imports == ()


def test_other_functions_do_not_change_a_digest():
    fewer = {"get_integer": SIGNATURES["get_integer"]}
    text = HEAD + "e.integer(1, 2)"
    assert load(Template(text), None, fewer).digest == loaded(text).digest


def test_library_files_import_it_too():
    short = loaded("(import 'a').n", a=HEAD + "{ n: e.integer(1, 2) }")
    long = loaded("(import 'a').n", a="{ n: std.native('get_integer')(1, 2) }")
    assert short.digest == long.digest
    assert [path for path, _ in short.imports] == ["a"]


def test_the_functions_are_reached_where_std_is_something_else():
    found = loaded(HEAD + "local std = 1; [std, e.integer(hi=2, lo=1)]")
    warning_names = LintNames(drawing=frozenset(["get_integer"]))
    assert lint(found, warning_names) == ()
    shared = loaded(HEAD + "local std = 1, x = e.integer(1, 2); [std, x, x]")
    assert [each.message for each in lint(shared, warning_names)] == [
        "`x` is drawn once, so these list elements are all equal"
    ]


@family(
    ("use", "place", "hint"),
    [
        ("e", "e", "and then `e.integer(1, 10)`"),
        ("[e]", "e", "and then"),
        ("e + {}", "e", "and then"),
        ("e { a: 1 }", "e", "and then"),
        ("'integer' in e", "e", "and then"),
        ("local f = e; f.integer(1, 2)", "e", "and then"),
        ("local n = 'integer'; e[n](1, 2)", "e[n]", "and then"),
        ("e.integr(1, 2)", "integr", "did you mean 'integer'?"),
        ("e.get_integer(1, 2)", "get_integer", "did you mean 'integer'?"),
        ("e.zzz", "zzz", "there are draw, integer, text"),
        ("import 'eventer.libsonnet'", "import 'eventer.libsonnet'", "and then"),
        ("{ a: import 'eventer.libsonnet' }", "import 'eventer.libsonnet'", "and then"),
        ("function(x=import 'eventer.libsonnet') 1", "import 'eventer.libsonnet'", "and then"),
        ("importstr 'eventer.libsonnet'", "importstr 'eventer.libsonnet'", "and then"),
        ("e.integer(1, 2, 3, hi=4)", "e.integer(1, 2, 3, hi=4)", "write get_integer(lo, hi)"),
        ("e.integer(1, high=3)", "e.integer(1, high=3)", "did you mean 'hi'?"),
        ("e.integer(lo=1, lo=2, hi=3)", "lo=2", "write get_integer(lo, hi)"),
        ("e.integer(1, lo=2, hi=3)", "e.integer(1, lo=2, hi=3)", "write get_integer(lo, hi)"),
        ("e.integer(hi=3)", "e.integer(hi=3)", "write get_integer(lo, hi)"),
    ],
)
def test_other_uses_are_errors(use, place, hint):
    error = refused(HEAD + "\n" + use)
    assert error.place.line == 2
    assert where(error) == place
    assert hint in error.hint


def test_a_misuse_in_a_library_file_is_shown_there():
    error = refused("import 'a'", a="local e = import 'eventer.libsonnet';\n{ e: e }")
    assert (error.place.name, error.place.line, where(error)) == ("a", 2, "e")


def test_a_library_file_of_the_same_name_is_refused(tmp_path):
    (tmp_path / "eventer.libsonnet").write_text("{ own: 1 }")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text(HEAD + "{ n: e.integer(1, 2) }")
    importer = FolderImporter(tmp_path)
    for text, name in [(HEAD + "e.integer(1, 2)", "template"), ("(import 'd/a').n", "d/a")]:
        error = refused(text, importer)
        assert "the library has a file 'eventer.libsonnet'" in error.message
        assert "import it as './eventer.libsonnet'" in error.hint
        assert (error.place.name, where(error)) == (name, "import 'eventer.libsonnet'")
    assert loaded("(import './eventer.libsonnet').own", importer).imports


def test_a_stored_file_of_the_same_name_is_still_used():
    found = loaded("(import 'eventer.libsonnet').own", eventer__libsonnet="{ own: 1 }")
    assert list(found.code) == ["eventer.libsonnet"]


def test_it_needs_no_library_folder(tmp_path):
    for importer in (NoLibrary(), FolderImporter(tmp_path)):
        assert loaded(HEAD + LONG, importer).digest == loaded(LONG).digest


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("eventer.libsonet", True),
        ("./eventer.libsonnet", True),
        ("lib/evneter.jsonnet", True),
        ("common.libsonnet", False),
        ("units.libsonnet", False),
    ],
)
def test_a_misspelt_import_of_it_gets_a_suggestion(path, meant, tmp_path):
    suggestion = "did you mean 'eventer.libsonnet'?"
    for importer, hint in (
        (NoLibrary(), "set EVENTER_LIBRARY to the folder that holds it"),
        (FolderImporter(tmp_path), "correct the path, or add the file to the library folder"),
    ):
        with pytest.raises(TemplateStaticError) as caught:
            loaded(f"local e = import '{path}'; e.integer(1, 2)", importer)
        assert caught.value.hint == (f"{suggestion} Otherwise: {hint}" if meant else hint)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (
            "{ id: std.native('get_integer')(hi=10, lo=1) }",
            "ea162b2dd8c0ae877fb1b0a8f1e7925e7a490bd00d67aacf3c69810f6fe17b49",
        ),
        (
            "local f = std.native('get_integer'); { id: f(hi=f(1,2), lo=1) }",
            "d271db9684734996bb0826fcdb691202517cc4ef760244856d2ac9feeb201c15",
        ),
    ],
)
def test_named_arguments_of_the_long_form_become_positional_after_the_digest(text, digest):
    named = loaded(text)
    assert named.digest.hex() == digest
    call = next(
        node
        for node in walk_nodes(named.root)
        if isinstance(node, Apply) and len(node.positional) == 2
    )
    assert (call.positional[0].value, call.named) == (1, ())

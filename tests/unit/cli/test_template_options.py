import re

import pytest
import typer

from eventer.cli.faults import _line, parse_faults
from eventer.cli.target_options import EndpointOptions, FolderOptions, target_of
from eventer.cli.template_options import (
    parse_reference,
    parse_seed,
    parse_variables,
    read_references,
    read_template,
    timeline_spec,
)
from eventer.core.model import FileTarget, FixedPopulation, KafkaTarget, PostgresTarget
from eventer.core.timelines import TimelineSpec
from eventer.destinations.http.target import HttpTarget
from tests.families import family


def test_variables_are_text_or_json():
    assert parse_variables(["b=1=2", "a:=[1, 2]", "c="]) == '{"a":[1,2],"b":"1=2","c":""}'
    assert parse_variables([]) == "{}"


@family(
    ("pair", "said"),
    [
        ("x:=1e999", "the number 1e999 in the value of x is too large for a double"),
        ("x:=NaN", "the value of x is not valid JSON: NaN is not a JSON number"),
        ("x:=-Infinity", "-Infinity is not a JSON number"),
        ("x:=" + "9" * 5000, "is too large for a double"),
        ("x:=" + "[" * 5000, "nested deeper than 64 levels"),
        ('x:="\\ud800"', "the value of x contains unpaired surrogates"),
        ("x=\udcff", "x is not UTF-8"),
        ("x:=\udcff", "the value of x is not UTF-8"),
    ],
)
def test_a_variable_without_a_json_value_is_an_error_of_the_command_line(pair, said):
    with pytest.raises(typer.BadParameter, match=re.escape(said)):
        parse_variables([pair])


@family("pair", ["x", "=1", ":=1", "x:={"])
def test_an_invalid_variable_is_rejected(pair):
    with pytest.raises(typer.BadParameter, match=r"name=text|not valid JSON"):
        parse_variables([pair])


def test_seeds():
    assert parse_seed("18446744073709551615") == (1 << 64) - 1
    assert 0 <= parse_seed(None) < 1 << 64
    for text in ("-1", "18446744073709551616", "x", "1.0", "٣", "9" * 5000):
        with pytest.raises(typer.BadParameter, match="unsigned 64-bit"):
            parse_seed(text)


def test_targets_of_the_command_line():
    assert target_of(None, None, "k", None) is None
    assert target_of("t", None, "k", None) == KafkaTarget("t", "kafka", "k")
    assert target_of(None, "t", "a, b", "db") == PostgresTarget("t", "db", ("a", "b"))
    with pytest.raises(typer.BadParameter):
        target_of("t", "t", None, None)


def test_files_are_a_target():
    files = FolderOptions("shop/orders", "parquet", ["country", "dt={date}"])
    target = FileTarget("shop/orders", "file", "parquet", ("country", "dt={date}"))
    assert target_of(None, None, None, None, files=files) == target
    assert target_of(None, None, None, None, files=FolderOptions(None, None, None)) is None


@family(
    ("topic", "key", "files", "said"),
    [
        ("t", None, FolderOptions("f", None, None), "--kafka and --file cannot be combined"),
        (None, "k", FolderOptions("f", None, None), "files have no keys"),
        (None, None, FolderOptions(None, "csv", None), "--file-format needs --file FOLDER"),
        (None, None, FolderOptions(None, None, ["x"]), "--partition-by needs --file FOLDER"),
        (None, None, FolderOptions("../f", None, None), "must consist of folder names"),
        (None, None, FolderOptions("f", None, ["a/{b}"]), "must be a field"),
    ],
)
def test_options_of_files_are_checked(topic, key, files, said):
    with pytest.raises(typer.BadParameter, match=said):
        target_of(topic, None, key, None, files=files)


def test_endpoints_are_a_target():
    http = EndpointOptions("orders", "json")
    target = HttpTarget("orders", "http", "json")
    assert target_of(None, None, None, None, http=http) == target
    other = target_of(None, None, None, "hooks", http=EndpointOptions("", None))
    assert other == HttpTarget("", "hooks")
    assert target_of(None, None, None, None, http=EndpointOptions(None, None)) is None


@family(
    ("topic", "key", "http", "said"),
    [
        ("t", None, EndpointOptions("p", None), "--kafka and --http cannot be combined"),
        (None, "k", EndpointOptions("p", None), "requests have no keys"),
        (None, None, EndpointOptions(None, "json"), "--http-format needs --http"),
        (None, None, EndpointOptions("../p", None), "must consist of names"),
        (None, None, EndpointOptions("a%2fb", None), "must consist of names"),
        (None, None, EndpointOptions("//h/p", None), "must consist of names"),
    ],
)
def test_options_of_endpoints_are_checked(topic, key, http, said):
    with pytest.raises(typer.BadParameter, match=said):
        target_of(topic, None, key, None, http=http)


@family(
    ("topic", "table", "said"),
    [("a/b", None, "topic"), ("", None, "topic"), (None, "x" * 64, "63"), (None, "a.b.c", "table")],
)
def test_invalid_topic_and_table_names_are_rejected(topic, table, said):
    with pytest.raises(typer.BadParameter, match=said):
        target_of(topic, table, None, None)


def test_an_unreadable_template_is_reported_with_the_reason(tmp_path):
    bad = tmp_path / "bad.jsonnet"
    bad.write_bytes(b"a\xff")
    for file, said in ((bad, "not UTF-8 .byte 1."), (tmp_path, "Is a directory")):
        with pytest.raises(typer.BadParameter, match=said):
            read_template(file)


def test_timelines_have_a_horizon_of_at_most_a_day():
    assert timeline_spec(None, None) is None
    assert timeline_spec("24h", "a") == TimelineSpec(86_400_000_000_000, "a")
    for horizon, only, said in (
        ("24h1ns", None, "greater than zero and at most 24h"),
        ("0s", None, "greater than zero and at most 24h"),
        ("10", None, "has no unit"),
        (None, "a", "--only needs --timeline"),
    ):
        with pytest.raises(typer.BadParameter, match=said):
            timeline_spec(horizon, only)


def test_references_are_read_from_files(tmp_path):
    file = tmp_path / "a:b.jsonnet"
    file.write_text("{ a: 1 }")
    given = [f"customers={file}:1000", f"countries={file}"]
    customers, countries = read_references(given, '{"v":1}', "set")
    assert (customers.id, customers.template, customers.count) == ("customers", "{ a: 1 }", 1000)
    assert (customers.vars, customers.dataset, customers.name) == ('{"v":1}', "set", str(file))
    assert (countries.id, countries.count) == ("countries", None)
    stream = customers.referenced_stream(7, "i")
    assert (stream.stream.seed, stream.population, stream.explicit_seed) == (
        7,
        FixedPopulation(1000),
        False,
    )


@family("given", ["x", "=f", "x=", "x=f:0", "x=f:9999999999999"])
def test_an_invalid_reference_is_rejected(given):
    with pytest.raises(typer.BadParameter, match=r"name=file|from 1 to 1e12"):
        read_references([given], "{}", None)


def test_a_reference_is_given_once(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    with pytest.raises(typer.BadParameter, match="x is given twice"):
        read_references([f"x={file}", f"x={file}:5"], "{}", None)


@pytest.mark.parametrize("count", ["many", "-5", "1.5", ""])
def test_a_wrong_count_of_a_referenced_file_is_not_taken_for_its_name(tmp_path, count):
    file = tmp_path / "customers.jsonnet"
    file.write_text("1")
    with pytest.raises(typer.BadParameter, match="the count must be from 1 to 1e12"):
        parse_reference(f"customers={file}:{count}")


def test_a_colon_may_be_in_the_name_of_a_referenced_file(tmp_path):
    (tmp_path / "a").write_text("1")
    file = tmp_path / "a:b"
    file.write_text("1")
    assert parse_reference(f"customers={file}:7") == ("customers", file, 7)
    assert parse_reference(f"customers={file}") == ("customers", file, None)


def test_empty_faults_are_refused():
    with pytest.raises(typer.BadParameter, match="give a JSON list or a file"):
        parse_faults(" ")


def test_a_line_of_the_answer_key_has_each_fault():
    nothing = {"field": None, "change": None, "by": None, "due": None}
    missing = nothing | {"kind": "missing", "field": "/a/b"}
    late = nothing | {"kind": "late", "by": "1m5s389ms960us439ns", "due": "2026-01-01T00:01:05Z"}
    assert _line({"index": 7, "faults": [missing, late], "event": {"c": 1}}) == (
        '7  missing /a/b, late by 65.390 s due 2026-01-01T00:01:05Z  {"c":1}'
    )

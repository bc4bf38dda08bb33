"""The settings, names and columns of MySQL that need no server."""

import pytest
from pydantic import ValidationError

from eventer.core.errors import ConfigError, DestinationRejectedError
from eventer.core.model import Column, ColumnType, EventShape
from eventer.destinations.connector import ConnectionContext
from eventer.destinations.mysql import specification
from eventer.destinations.mysql.connection_settings import MysqlConnectionSettings
from eventer.destinations.mysql.identifiers import parse_table
from eventer.destinations.mysql.table_columns import create_statement, new_table, table_fields
from eventer.destinations.mysql.target import MysqlTarget

CONTEXT = ConnectionContext("mysql", shards=1)
DSN = "mysql://me:hidden%40@[::1]:3307/shop"


def test_an_address_has_no_login():
    settings = MysqlConnectionSettings(dsn=DSN, password="hidden")
    configured = specification.MysqlKind().configure(settings, CONTEXT)
    assert configured.address == "[::1]:3307/shop"
    assert configured.connector.settings.parts.password == "hidden@"
    assert "hidden" not in repr(configured)


def test_a_missing_client_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(specification, "find_spec", lambda _: None)
    kind = specification.MysqlKind()
    assert kind.configure(MysqlConnectionSettings(), CONTEXT).connector is None
    with pytest.raises(ConfigError) as caught:
        kind.configure(MysqlConnectionSettings(dsn=DSN), CONTEXT)
    assert caught.value.hint == "pip install 'eventer-streams[mysql]'"


@pytest.mark.parametrize(
    "dsn", ["postgresql://me@h/db", "mysql://h/db", "mysql://me@h", "mysql://me@h:x/d"]
)
def test_a_wrong_dsn_is_refused_without_showing_it(dsn):
    with pytest.raises(ValidationError) as caught:
        MysqlConnectionSettings(dsn=dsn)
    assert "the DSN is not valid" in str(caught.value)
    assert dsn not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sql"),
    [("orders", "`orders`"), ("shop.orders", "`shop`.`orders`"), ("`a.b``c`", "`a.b``c`")],
)
def test_names_of_tables(text, sql):
    assert str(parse_table(text)) == sql


@pytest.mark.parametrize(
    "text",
    ["", "a.", "a.b.c", "`a", "x" * 65, "a ", "a\0", "eventer_positions", "db.eventer_shards"],
)
def test_other_names_are_rejected(text):
    with pytest.raises(DestinationRejectedError):
        parse_table(text)


def test_texts_of_a_key_share_the_length_of_its_index():
    names = ("a", "b", "c", "d")
    fields = table_fields(
        EventShape(tuple(Column(name, ColumnType.TEXT) for name in names), open=False),
        MysqlTarget("t"),
    )
    table = new_table(parse_table("t"), fields, MysqlTarget("t", key=names))
    statement = create_statement(table, "utf8mb4_bin")
    assert statement.count("varchar(184) NOT NULL") == 4
    assert "PRIMARY KEY (`a`, `b`, `c`, `d`)" in statement


def test_fields_that_differ_in_case_only_are_rejected():
    shape = EventShape((Column("A", ColumnType.TEXT), Column("a", ColumnType.TEXT)), open=False)
    with pytest.raises(DestinationRejectedError, match="differ in case only"):
        table_fields(shape, MysqlTarget("t"))

"""The mapping of fields to columns, the choice of the key, and the texts of rejections."""

from dataclasses import replace

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, EventShape, PostgresTarget
from eventer.destinations.postgres.column_mapping import (
    TableColumn,
    alter_type_sql,
    map_column,
    new_column,
)
from eventer.destinations.postgres.identifiers import TableName
from eventer.destinations.postgres.match_schema import (
    match_schema,
    missing_columns,
    new_table_key,
    table_fields,
)
from eventer.destinations.postgres.staging_tables import staging_layout, write_sql
from eventer.destinations.postgres.system_catalog import Table
from eventer.destinations.postgres.table_creation import add_columns, create_table, table_to_create
from eventer.kernels.pgcopy.copy_stream import WireType
from tests.families import family

ID, NAME = Column("id", ColumnType.BIGINT), Column("na me", ColumnType.TEXT)
HERE = TableName("public", "t")
TARGET = PostgresTarget("t")
UUID = TableColumn("id", "uuid", "uuid", "uuid", "U", "b")


def table(*columns: TableColumn, **changes: object) -> Table:
    made = table_to_create(HERE, (), TARGET)
    return replace(made, columns=columns, **changes)


def test_a_new_table_has_the_fields_as_columns_and_id_as_primary_key() -> None:
    key = new_table_key((ID, NAME), TARGET)
    assert create_table(HERE, (ID, NAME), key) == (
        'CREATE TABLE "public"."t" ("id" bigint, "na me" text, PRIMARY KEY ("id"))'
    )
    assert new_table_key((NAME,), TARGET) == ()
    assert new_table_key((ID, NAME), PostgresTarget("t", key=("na me",))) == ("na me",)
    assert create_table(HERE, (NAME,), ()) == 'CREATE TABLE "public"."t" ("na me" text)'


def test_missing_columns_are_added_in_one_statement() -> None:
    missing = missing_columns((ID, NAME), table(new_column("other", ColumnType.TEXT)))
    assert add_columns(HERE, missing) == (
        'ALTER TABLE "public"."t" ADD COLUMN "id" bigint, ADD COLUMN "na me" text'
    )


def test_an_upsert_updates_all_but_the_key() -> None:
    mapping = match_schema((ID, NAME), TARGET, table_to_create(HERE, (ID, NAME), TARGET))
    assert mapping.key == ("id",)
    assert not mapping.direct
    assert staging_layout(mapping) == ("c0 bigint", "c1 text", "flow integer")
    assert write_sql(mapping, 3, 7) == {
        "insert": 'INSERT INTO "public"."t" ("id", "na me") OVERRIDING SYSTEM VALUE '
        "SELECT c0, c1 FROM pg_temp.eventer_stage_3 WHERE flow = 7 "
        'ON CONFLICT ("id") DO UPDATE SET "na me" = excluded."na me"'
    }


def test_rows_with_an_operation_are_deleted_or_upserted() -> None:
    target = PostgresTarget("t", op="op")
    known = table(
        new_column("id", ID.type),
        new_column("na me", NAME.type),
        primary_key=("id",),
        keys=(frozenset({"id"}),),
    )
    mapping = match_schema((ID, NAME), target, known)
    assert staging_layout(mapping) == ("c0 bigint", "c1 text", "deletes boolean", "flow integer")
    rows = "(SELECT * FROM pg_temp.eventer_stage_3 WHERE flow = 7) AS s"
    assert write_sql(mapping, 3, 7) == {
        "delete": f'DELETE FROM "public"."t" AS t USING {rows} WHERE s.deletes AND t."id" = s.c0',
        "insert": 'INSERT INTO "public"."t" ("id", "na me") OVERRIDING SYSTEM VALUE '
        f"SELECT c0, c1 FROM {rows} WHERE NOT deletes "
        'ON CONFLICT ("id") DO UPDATE SET "na me" = excluded."na me"',
    }
    with pytest.raises(DestinationRejectedError, match="needs a key"):
        match_schema((ID, NAME), target, replace(known, primary_key=None, keys=()))
    with pytest.raises(DestinationRejectedError, match="DELETE privilege"):
        match_schema((ID, NAME), target, replace(known, may_delete=False))


def test_keys_that_the_server_compares_are_numbered() -> None:
    key = frozenset({"id"})
    mapping = match_schema(
        (Column("id", ColumnType.TEXT),), TARGET, table(UUID, primary_key=("id",), keys=(key,))
    )
    assert mapping.has_row_numbers
    assert staging_layout(mapping) == ("c0 text", "n integer", "flow integer")
    assert "DISTINCT ON (CAST(CAST(c0 AS uuid) AS uuid))" in write_sql(mapping, 1, 1)["insert"]


def test_an_open_shape_has_found_fields_as_jsonb() -> None:
    shape = EventShape((ID,), open=True)
    found = table_fields(shape, PostgresTarget("t", key=("k",)), {"z", "id"})
    assert found == (ID, Column("k", ColumnType.JSONB), Column("z", ColumnType.JSONB))
    closed = EventShape((ID,), open=False)
    assert table_fields(closed, TARGET, {"z"}) == (ID,)


@family(
    ("shape", "key", "why"),
    [
        (EventShape((ID,), open=False, is_object=False), None, "table rows need objects"),
        (EventShape((), open=False), None, "no fields"),
        (EventShape((ID,), open=False), ("ID",), "'ID' is not a field"),
        (EventShape((Column("x" * 64, ColumnType.TEXT),)), None, "64 bytes"),
        (EventShape((Column("xmin", ColumnType.TEXT),)), None, "system column"),
    ],
)
def test_rejected_shapes(shape: EventShape, key: tuple, why: str) -> None:
    with pytest.raises(DestinationRejectedError, match=why):
        table_fields(shape, PostgresTarget("t", key=key))


@pytest.mark.parametrize(
    ("changes", "why", "sql"),
    [
        ({"may_insert": False, "role": "me"}, "may not write", "GRANT INSERT ON "),
        ({"kind": "v"}, "is a view", ""),
    ],
)  # fmt: skip
def test_rejected_relations(changes: dict, why: str, sql: str) -> None:
    with pytest.raises(DestinationRejectedError, match=why) as caught:
        match_schema((ID,), TARGET, table(new_column("id", ColumnType.BIGINT), **changes))
    assert (caught.value.hint or "").startswith(sql)


def test_a_named_key_without_its_index() -> None:
    with pytest.raises(DestinationRejectedError) as caught:
        match_schema((ID, NAME), PostgresTarget("t", key=("na me", "id")), table())
    assert caught.value.hint == 'CREATE UNIQUE INDEX ON "public"."t" ("na me", "id")'


def test_enums_are_direct_and_staged() -> None:
    """COPY accepts the text of an enum; a staged text needs a cast."""
    mood = TableColumn("m", "mood", "mood", "", "E", "e")
    mapping = map_column(ColumnType.TEXT, mood)
    assert mapping is not None
    assert (mapping.direct, mapping.wire) == (True, WireType.TEXT)
    assert mapping.select("c0") == "CAST(c0 AS mood)"


@family(
    ("kind", "existing", "using"),
    [
        (ColumnType.BIGINT, "integer", ""),
        (ColumnType.BIGINT, "numeric(9,2)", ""),
        (ColumnType.BIGINT, "text", " USING c::text::bigint"),
        (ColumnType.TEXT, "uuid", ""),
        (ColumnType.JSONB, "text", " USING to_jsonb(c)"),
        (ColumnType.TIMESTAMPTZ, "timestamp without time zone", ""),
        (ColumnType.TIMESTAMPTZ, "character varying(9)", " USING c::text::timestamptz"),
        (ColumnType.BOOLEAN, "integer", " USING c::text::boolean"),
        (ColumnType.DOUBLE, "smallint", ""),
    ],
)
def test_the_sql_that_changes_a_column_type(kind: ColumnType, existing: str, using: str) -> None:
    assert (
        alter_type_sql("t", "c", kind, existing)
        == f"ALTER TABLE t ALTER COLUMN c TYPE {kind}{using}"
    )

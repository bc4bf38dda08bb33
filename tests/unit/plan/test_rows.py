"""`get_row`: rows of files, in both engines."""

import json

import numpy as np
import pytest

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.model import ColumnType, Stream, Template
from eventer.functions import row_json
from eventer.functions.row_files import ROW_FILES, content_digest
from eventer.functions.row_weights import weight_table
from eventer.functions.rows import GET_ROW, TYPES
from eventer.jsonnet.importer import FolderImporter, NoLibrary, StoredImporter
from eventer.kernels.draw.weighted_picks import WeightTable
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare, prepare_stored
from tests.families import family

CITIES = b'\xef\xbb\xbfname,size,open,seen\r\n"A, ""B""\r\nx",3,TRUE,2026-01-31T09:30:00Z\r\n'
CITIES += b"\r\nC,,0,\r\nD, 1 ,,\r\n"
TYPED = "types={ size: 'integer', open: 'boolean', seen: 'timestamp' }"
NAMES = ['A, "B"\r\nx', "C", "D"]
PRODUCTS = (
    b'[{"id": 1, "price": 2, "tags": ["n"], "extra": "x"},\n {"id": 2, "price": 0.5, "tags": {}}]'
)


def events(template, files, count=20, first=0, seed=1):
    """The events of a template, which both engines agree on, and its types by field."""
    prepared = prepare(Template(template), StoredImporter(files))
    times = np.zeros(count, dtype=np.int64)
    texts = {}
    for name in ("plan", "interpreter"):
        engine = prepared.engine(Stream(seed, "s"), EventContext(), engine=name)
        texts[name] = engine.generate(first, times).text.to_pylist()
    assert texts["plan"] == texts["interpreter"]
    types = {column.name: column.type for column in prepared.shape.columns}
    return [json.loads(text) for text in texts["plan"]], types


def row(arguments, files, **options):
    found, _ = events(f"{{ row: std.native('get_row')({arguments}) }}", files, **options)
    return [event["row"] for event in found]


def refusal(arguments, files):
    """The message of the error, which is at the call, and its hint."""
    with pytest.raises(TemplateError) as caught:
        prepare(Template(f"{{ a: std.native('get_row')({arguments}) }}"), StoredImporter(files))
    assert caught.value.place.line == 1
    return caught.value.message.removeprefix("get_row: "), caught.value.hint


# --- values -----------------------------------------------------------------------------------


def test_cells_are_text_without_types():
    rows = row("'c.csv', index=std.native('get_index')()", {"c.csv": CITIES}, count=4)
    assert [each["name"] for each in rows] == [*NAMES, NAMES[0]]
    assert [each["size"] for each in rows] == ["3", "", " 1 ", "3"]


def test_typed_cells_have_values_and_empty_ones_are_null():
    rows = row(f"'c.csv', index=std.native('get_index')(), {TYPED}", {"c.csv": CITIES}, count=3)
    assert [tuple(each.values()) for each in rows] == [
        (NAMES[0], True, "2026-01-31T09:30:00Z", 3),
        ("C", False, None, None),
        ("D", None, None, 1),
    ]


def test_the_types_of_fields_are_static():
    template = (
        f"local c = std.native('get_row')('c.csv', {TYPED});"
        "local p = std.native('get_row')(std.native('get_one_of')(['p.json', 'q.json']));"
        "{ a: c.name, b: c.size, c: c.open, d: c.seen, e: p.price, f: p.tags, g: p.id, h: p.extra }"
    )
    files = {"c.csv": CITIES, "p.json": PRODUCTS, "q.json": PRODUCTS}
    _, types = events(template, files)
    kinds = ColumnType
    assert types == {
        "a": kinds.TEXT,
        "b": kinds.BIGINT,
        "c": kinds.BOOLEAN,
        "d": kinds.TIMESTAMPTZ,
        "e": kinds.DOUBLE,
        "f": kinds.JSONB,
        "g": kinds.BIGINT,
        "h": kinds.TEXT,
    }


@pytest.mark.parametrize("name", ["p.json", "p.ndjson", "p.JSONL"])
def test_json_keeps_types_and_absent_fields_are_null(name):
    lines = b"\n".join(json.dumps(each).encode() for each in json.loads(PRODUCTS))
    data = PRODUCTS if name == "p.json" else b"\r\n" + lines + b"\r\n\n"
    rows = row(f"'{name}', index=std.native('get_sequence')(1)", {name: data}, count=2)
    assert rows == [
        {"id": 2, "price": 0.5, "tags": {}, "extra": None},
        {"id": 1, "price": 2, "tags": ["n"], "extra": "x"},
    ]


def test_columns_with_many_values_are_arrays(monkeypatch):
    """More than a dictionary holds, more than a chunk of rows, a field that comes late."""
    monkeypatch.setattr("eventer.functions.row_json._CHUNK", 100)
    rows = [{"n": i, "t": f'"{i}', "half": i / 2 if i % 3 else None} for i in range(900)]
    rows[899] |= {"late": True}
    data = "\n".join(map(json.dumps, rows)).encode()
    found = row("'r.ndjson', index=890 + std.native('get_index')()", {"r.ndjson": data}, count=10)
    assert found == [each | {"late": each.get("late")} for each in rows[890:]]


def test_fields_of_one_call_agree_and_values_are_kept():
    data = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000))
    template = "local r = std.native('get_row')('n.csv', types={ b: 'integer' }); [r.a, r.b, r]"
    found, _ = events(template, {"n.csv": data}, count=4)
    assert all(int(a) ** 2 == b == r["b"] and r["a"] == a for a, b, r in found)
    assert [a for a, _, _ in found] == ["944", "748", "616", "147"]


def test_weights_are_frequencies_and_zero_is_never():
    data = b"name,weight\na,1\nb,0\nc,2.5\nd,0.5\n"
    template = "std.native('get_row')('w.csv', weight='weight').name"
    prepared = prepare(Template(template), StoredImporter({"w.csv": data}))
    engine = prepared.engine(Stream(3), EventContext(), engine="plan")
    texts = engine.generate(0, np.zeros(2000, dtype=np.int64)).text.to_pylist()
    counts = np.array([texts.count(b'"%s"' % name) for name in (b"a", b"c", b"d")])
    assert counts.sum() == len(texts)
    expected = len(texts) * np.array([1, 2.5, 0.5]) / 4
    assert ((counts - expected) ** 2 / expected).sum() < 13.8  # chi-square, p = 0.001


def test_tables_of_integer_weights_are_those_of_single_numbers():
    generator = np.random.default_rng(1)
    for most in (2, 1000, 2**43):
        weights = generator.integers(1, most, 7).astype(np.float64)
        limits = WeightTable.of(weights.tolist()).limits
        assert weight_table(weights).limits.tolist() == limits
        assert [weight_table(weights).pick(limit) for limit in (0, *limits)] == list(range(7))


def test_calls_in_lists_and_conditions_draw_from_the_rows_of_their_domain():
    template = (
        f"local get(_) = std.native('get_row')('c.csv', {TYPED});"
        "[[get(i).size, get(i).name] for i in std.range(0, std.native('get_integer')(0, 3))]"
        "+ [if std.native('get_boolean')() then get(0) else get(1).seen]"
    )
    found, _ = events(template, {"c.csv": CITIES}, count=40)
    seen = {json.dumps(each) for event in found for each in event}
    assert len(seen) > 6


# --- identity ---------------------------------------------------------------------------------


def digest_of(template, files):
    return prepare(Template(template), StoredImporter(files)).program.digest


def test_the_digest_has_the_content_of_files_that_are_read():
    template = "std.native('get_row')('a.csv').x"
    files = {"a.csv": b"x\n1\n", "b.csv": b"x\n1\n"}
    assert digest_of(template, files) == digest_of(template, files | {"b.csv": b"x\n2\n"})
    assert digest_of(template, files) != digest_of(template, files | {"a.csv": b"x\n2\n"})
    unused = "local r = std.native('get_row')('missing.csv'); 1"
    assert digest_of(unused, {}) == digest_of("1", {})


def test_paths_are_those_of_imports():
    files = {
        "lib/rows.libsonnet": b"{ own: std.native('get_row')('c.csv').x, up(e): e.row('c.csv').x }",
        "lib/c.csv": b"x\nlib\n",
        "c.csv": b"x\ntop\n",
    }
    template = (
        "local e = import 'eventer.libsonnet'; local path = 'c.csv';"
        "[(import 'lib/rows.libsonnet').own, e.row(path).x,"
        "e.row(if true then './c.csv' else path).x]"
    )
    found, _ = events(template, files, count=1)
    assert found == [["lib", "top", "top"]]


def test_a_variable_names_a_file():
    template = Template("std.native('get_row')(std.extVar('file')).x", vars='{"file": "c.csv"}')
    prepared = prepare(template, StoredImporter({"c.csv": b"x\n1\n"}))
    assert prepared.template.row_files == (("c.csv", content_digest(b"x\n1\n")),)


def test_a_stored_template_reads_the_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(ROW_FILES, "folder", tmp_path)
    data = b"x\nkept\n"
    template = Template(
        "std.native('get_row')('c.csv').x", row_files=(("c.csv", content_digest(data)),)
    )
    with pytest.raises(EvaluationError, match="its copy in the data directory is missing"):
        prepare_stored(template)
    (tmp_path / content_digest(data)).write_bytes(b"x\nchanged\n")
    with pytest.raises(EvaluationError, match="its copy in the data directory is damaged"):
        prepare_stored(template)
    (tmp_path / content_digest(data)).write_bytes(data)
    engine = prepare_stored(template).engine(Stream(1), EventContext())
    assert engine.generate(0, np.zeros(1, dtype=np.int64)).text.to_pylist() == [b'"kept"']


# --- refusals ---------------------------------------------------------------------------------

GOOD = b"name,size\na,1\nb,2\n"
INVALID = "the file is not valid JSON"


@family(
    ("data", "message"),
    [
        (b"", "f.csv: the file is empty"),
        (b"\xef\xbb\xbf\r\n", "f.csv: the file is empty"),
        (b"a,b\n", "f.csv: the file has a header but no row"),
        (b"a,b,a\n1,2,3\n", "f.csv, line 1, column 3: column 'a' is defined twice"),
        (
            b'a,b\n"x\ny",2\n3\n',
            "f.csv, line 4: the row has 1 cell, but the header names 2",
        ),
        (b"a,b\n1,2,3\n", "f.csv, line 2: the row has 3 cells, but the header names 2"),
        (b'a,b\n1,"2\n3,4\n', "f.csv, line 2: a quoted cell has no closing quote"),
        (b'a,"b\n1,2\n', "f.csv, line 1: a quoted cell has no closing quote"),
        (b'a\n"1"2"\n', "f.csv, line 2: a quoted cell has text after its closing quote"),
        (b"a\nb\n\xc3\xa9\xff\n", "f.csv, line 3, column 2: the file is not valid UTF-8"),
    ],
)
def test_a_csv_file_is_refused(data, message):
    assert refusal("'f.csv'", {"f.csv": data})[0] == message


@family(
    ("data", "message"),
    [
        (b" ", "f.json, line 1, column 2: the file must be an array of objects"),
        (b'{"a": 1}', "f.json, line 1, column 1: the file must be an array of objects"),
        (b"[]", "f.json: the file has no row"),
        (b"[{},\n  [1]]", "f.json, line 2, column 3: a row must be an object, not an array"),
        (
            b'[{"a": 1},\n {"a": }]',
            "f.json, line 2, column 8: the file is not valid JSON: a value is missing or not valid",
        ),
        (
            b'[{"a": 1e999}]',
            "f.json, line 1, column 2: 'a' has a number that is too large",
        ),
        (
            b'[{"a": [1]}, {"a": [-1e999]}]',
            "f.json, line 1, column 14: 'a' has a number that is too large",
        ),
        (
            b'[{"a": NaN}]',
            f"f.json, line 1, column 2: {INVALID}: NaN is not a JSON number",
        ),
        (
            b"[{},]",
            f"f.json, line 1, column 5: {INVALID}: a row after the comma is missing",
        ),
        (
            b"[{}{}]",
            "f.json, line 1, column 4: the file is not valid JSON: a comma or ']' is missing",
        ),
        (b"[{}] 1", "f.json, line 1, column 6: the file has text after the array"),
        (b'[{"a": "\\ud800"}]', "f.json, line 1, column 2: 'a' contains an unpaired surrogate"),
        (
            b'[{"a": 1},{"\\ud800": 1}]',
            "f.json, line 1, column 11: the name '\\ud800' contains an unpaired surrogate",
        ),
    ],
)
def test_a_json_file_is_refused(data, message):
    assert refusal("'f.json'", {"f.json": data})[0] == message


@family(
    ("data", "message"),
    [
        (b"\n\n", "f.ndjson: the file has no row"),
        (
            b'{"a": [{}\n{}]}, {}\n',
            f"f.ndjson, line 1, column 10: {INVALID}: ',' or a closing bracket is missing",
        ),
        (b"{}\n\n null\n", "f.ndjson, line 3: a row must be an object, not null"),
        (b"{}\n{} {}\n", "f.ndjson, line 2, column 4: the line has more than one JSON value"),
        (
            b'{}\n{"a" 1}\n',
            f"f.ndjson, line 2, column 6: {INVALID}: ':' is missing after a field name",
        ),
    ],
)
def test_an_ndjson_file_is_refused(data, message):
    assert refusal("'f.ndjson'", {"f.ndjson": data})[0] == message


def test_a_path_is_found_in_linear_time_and_may_not_be_itself_only():
    choices = "".join(f"local p{n} = if b then p{n - 1} else p{n - 1};" for n in range(1, 30))
    head = f"local b = std.native('get_boolean')(); local p0 = 'c.csv'; {choices}"
    for template in (
        f"{head} std.native('get_row')(p29)",
        "local p = if true then 'c.csv' else p; std.native('get_row')(p)",
    ):
        assert events(template, {"c.csv": CITIES}, count=1)[0][0].keys() >= {"name"}
    with pytest.raises(TemplateError, match="'path' must be a constant"):
        prepare(
            Template("local p = if true then p else p; std.native('get_row')(p)"),
            StoredImporter({"c.csv": CITIES}),
        )


def test_a_file_whose_rows_lack_most_of_very_many_fields_is_refused(monkeypatch):
    monkeypatch.setattr(row_json, "MAX_CELLS", 8)
    message, _ = refusal("'f.ndjson'", {"f.ndjson": b'{"a":1}\n{"b":1}\n{"c":1}\n'})
    assert message == (
        "f.ndjson, line 3: 3 different fields are too many for 3 rows: put rare ones into an object"
    )


@family(
    ("kind", "cell", "problem"),
    [
        ("integer", "1.5", "which is not an integer"),
        ("integer", "9007199254740992", "which is beyond 2^53 - 1"),
        ("number", "1,5", "which is not a number"),
        ("number", "nan", "which is not a number"),
        ("number", "1e400", "which is too large for a number"),
        ("boolean", "yes", "which is not true, false, 1 or 0"),
        ("timestamp", "2026-02-30T00:00:00Z", "which is not a timestamp such as"),
        ("timestamp", "2026-02-03", "which is not a timestamp such as"),
    ],
)
def test_a_cell_of_another_type_is_refused_with_its_line(kind, cell, problem):
    data = f'a,b\n"x\n",\n\ny,"{cell}"\n'.encode()
    message, _ = refusal(f"'f.csv', types={{ b: '{kind}' }}", {"f.csv": data})
    assert message.startswith(f"f.csv, line 5, column 2: 'b' is '{cell}', {problem}")


COLUMNS = "'weight' names a column of numbers; the other columns are '"


@family(
    ("arguments", "message", "hint"),
    [
        ("1", "'path' must be", "write it as in"),
        ("std.native('get_uuid')()", "'path' must be a constant", "write it as in"),
        ("'f.txt'", "f.txt: the type of the file is not known", "its name must end in .csv"),
        ("'g.csv'", "the library has no file 'g.csv'", "correct the path"),
        ("'../f.csv'", "'../f.csv' is outside the library folder", "write a path below"),
        ("'f.csv', weight='siz'", "f.csv has no column 'siz', which 'weight'", "did you mean 'si"),
        ("'f.csv', weight='name'", "f.csv, line 2, column 1: 'name' is 'a', which is not", COLUMNS),
        ("'f.csv', weight='size', index=1", "'weight' cannot be combined with 'index'", None),
        ("'f.csv', index=-1", "'index' is -1, which is below zero", "rows are numbered from 0"),
        (
            "'f.csv', index=1e21",
            "'index' is 1e+21, which is above 2^53 - 1",
            "rows are numbered from 0",
        ),
        ("'f.csv', index=0.5", "'index' must be a whole number, not 0.5", None),
        ("'f.csv', types=1", "'types' must be an object, not 1", "write types={"),
        ("'f.csv', types={ size: 'int' }", "the type of 'size' is \"int\", which is not", None),
        ("'f.csv', types={ x: 'text' }", "f.csv has no column 'x', which 'types' names", "the co"),
        ("'w.json', weight='a'", "w.json, row 2: 'a' is below zero", "weights are numbers"),
        ("'w.json', weight='b'", "w.json: 'b' has values that are not numbers", COLUMNS),
        ("'w.json', weight='c'", "w.json, row 1: 'c' is empty", None),
        ("'w.json', weight='d'", "w.json: all weights in 'd' are zero", "give a row a weight"),
        ("'w.json', types={ a: 'text' }", "w.json: 'types' is for CSV files", None),
    ],
)
def test_a_call_is_refused(arguments, message, hint):
    weights = b'[{"a": 1, "b": "x", "c": null, "d": 0}, {"a": -1, "b": "y", "c": 1, "d": 0}]'
    files = {"f.csv": GOOD, "f.txt": GOOD, "w.json": weights}
    found, found_hint = refusal(arguments, files)
    assert found.startswith(message)
    assert hint is None or found_hint.startswith(hint)


def test_a_missing_field_is_an_error_of_the_event():
    prepared = prepare(
        Template("std.native('get_row')('f.csv').nme"), StoredImporter({"f.csv": GOOD})
    )
    engine = prepared.engine(Stream(1), EventContext())
    with pytest.raises(EvaluationError, match="nme"):
        engine.generate(0, np.zeros(1, dtype=np.int64))


def test_rows_of_the_plan_with_a_wrong_index_raise():
    template = "std.native('get_row')('f.csv', index=1 - std.native('get_index')()).name"
    prepared = prepare(Template(template), StoredImporter({"f.csv": GOOD}))
    engine = prepared.engine(Stream(1), EventContext(), engine="auto")
    assert engine.name == "plan"
    assert engine.generate(0, np.zeros(3, dtype=np.int64)).rows == 2
    with pytest.raises(EvaluationError, match="'index' is -1, which is below zero"):
        engine.generate(2, np.zeros(1, dtype=np.int64))


def test_a_choice_of_too_many_files_is_refused():
    names = [f"{number}.csv" for number in range(17)]
    files = dict.fromkeys(names, GOOD)
    message, hint = refusal(f"std.native('get_one_of')({json.dumps(names)})", files)
    assert message == "'path' is one of 17 files; it may be one of 16"
    assert hint == "put the rows into one file with another column"


def test_files_are_read_from_the_library_folder_only(tmp_path, monkeypatch):
    template = Template("std.native('get_row')('f.csv').name")
    with pytest.raises(TemplateError, match="cannot be read: there is no library folder"):
        prepare(template, NoLibrary())
    (tmp_path / "secret.csv").write_bytes(GOOD)
    library = tmp_path / "library"
    library.mkdir()
    (library / "f.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(TemplateError, match="is outside the library folder"):
        prepare(template, FolderImporter(library))
    monkeypatch.setattr("eventer.plan.row_references.MAX_ROW_FILE_BYTES", len(GOOD) - 1)
    (library / "f.csv").unlink()
    (library / "f.csv").write_bytes(GOOD)
    with pytest.raises(TemplateError, match=f"is larger than {len(GOOD) - 1} bytes"):
        prepare(template, FolderImporter(library))


def test_a_large_array_is_refused(monkeypatch):
    monkeypatch.setattr("eventer.functions.row_json.MAX_ARRAY_BYTES", 3)
    message, hint = refusal("'f.json'", {"f.json": b"[{}]"})
    assert message == "f.json: the array is larger than 3 bytes"
    assert hint == "write an object per line into an .ndjson file"


def test_the_types_are_those_of_the_reader():
    from eventer.functions import row_csv

    assert set(TYPES) == set(row_csv._CONVERSIONS)
    assert all(
        f"`{kind}`" in GET_ROW.parameters[3].type + GET_ROW.parameters[3].doc for kind in TYPES
    )

"""The catalog, its description as JSON, and the data files."""

import json
from pathlib import Path

import pytest

from eventer.core.errors import NotFoundError
from eventer.functions import data_files
from eventer.functions import fingerprint as fingerprints
from eventer.functions.catalog import CATALOG
from eventer.functions.fingerprint import fingerprint
from eventer.service.example_catalog import example
from eventer.service.function_catalog import functions_json
from tests.families import family

LISTS = data_files.LISTS + data_files.ADDED_LISTS
ROOT = Path(__file__).resolve().parents[3]


def test_names_are_unique_and_kept() -> None:
    assert len(set(CATALOG.names())) == len(CATALOG.names())
    assert all(name.startswith("get_") for name in CATALOG.names())
    first = "dataset instance_id one_of timestamp integer number rand_data rand_user_agent"
    assert {f"get_{name}" for name in first.split()} <= set(CATALOG.names())


def test_an_unknown_name_gets_a_suggestion() -> None:
    assert CATALOG.find("get_intger") is None
    with pytest.raises(NotFoundError) as caught:
        CATALOG.get("get_intger")
    assert caught.value.hint == "did you mean 'get_integer'?"


def test_the_description_is_complete_json() -> None:
    described = json.loads(json.dumps(CATALOG.describe()))
    assert [f["name"] for f in described] == list(CATALOG.names())
    for function in described:
        assert function["description"]
        assert function["examples"]
        assert function["signature"].startswith(function["name"] + "(")
        assert all(p["type"] and p["description"] for p in function["parameters"])
    by_name = {f["name"]: f for f in described}
    assert len(by_name["get_rand_data"]["fields"]) == 41
    assert by_name["get_dataset"]["parameters"][0]["default"] == ""
    assert by_name["get_dataset"]["random"] is False
    assert "default" not in by_name["get_integer"]["parameters"][0]


@family("name", sorted(set(LISTS) - {"sentence_ends"}))
def test_a_list_has_no_entry_twice(name: str) -> None:
    lines = data_files.lines(name)
    assert len(set(lines)) == len(lines)
    assert all(line == line.strip() != "" for line in lines)


@family("name", sorted(set(LISTS) - {"user_agents"}))
def test_texts_of_lists_need_no_escapes_in_json(name: str) -> None:
    """Columns of texts are written as they are: `BoundCall.needs_escapes`. Agents are picks."""
    assert all(json.dumps(line, ensure_ascii=False) == f'"{line}"' for line in _cells(name))


def _cells(name: str) -> list[str]:
    return [cell for line in data_files.lines(name) for cell in line.split("\t")]


def test_every_data_file_is_in_the_digest() -> None:
    data = ROOT / "src/eventer/functions/data"
    assert {path.stem for path in data.glob("*.txt")} == set(LISTS)


def test_released_data_changes_only_with_the_version() -> None:
    """A new list changes the digest below; a change of a released list increases VERSION."""
    assert fingerprints.VERSION == 1
    assert data_files.digest(data_files.ADDED_LISTS).hex() == "20af0947f158ae55520f529cdde7453e"


def test_the_fingerprint_is_short_and_follows_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    assert before == f"d1-f1-{data_files.digest().hex()[:16]}"
    monkeypatch.setattr(fingerprints, "VERSION", 2)
    fingerprint.cache_clear()
    assert fingerprint() == before.replace("-f1-", "-f2-")
    monkeypatch.undo()
    fingerprint.cache_clear()


@pytest.mark.parametrize("name", ["get_integer", "integer"])
def test_one_function_is_shown_by_its_name_with_or_without_get(name: str) -> None:
    assert [each["name"] for each in functions_json(name)["functions"]] == ["get_integer"]


def test_an_unknown_example_gets_a_hint() -> None:
    with pytest.raises(NotFoundError) as caught:
        example("nope")
    assert caught.value.hint == "`eventer examples` lists them"

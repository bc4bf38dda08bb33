"""Manifests and names of parts are read as they were written."""

import pytest

from eventer.core.cursor import Cursor
from eventer.core.model import Position, PositionKey
from eventer.destinations.file.manifest import (
    DamagedManifestError,
    Manifest,
    read_manifest,
    write_manifest,
)
from eventer.destinations.file.part_name import PartName, parse_part_name

KEY = PositionKey((1 << 64) - 1, (1 << 64) - 2, 3)


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "manifest.json"
    assert read_manifest(path) is None
    positions = {
        KEY: Position(7, 1, 100, dropped=2, cursor=Cursor(-5, 3, 1)),
        PositionKey(1, 2, 0): Position(4),
    }
    manifest = Manifest(3, positions, {"parts-3/1": "orders/x.csv"})
    write_manifest(path, manifest)
    assert read_manifest(path) == manifest
    assert [each.name for each in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"epoch": 1, "positions": [1]}', "\xff"])
def test_a_damaged_manifest_is_an_error(tmp_path, text):
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedManifestError, match="damaged"):
        read_manifest(tmp_path / "manifest.json")


def test_names_of_parts():
    name = PartName(KEY, 10, 1 << 62, "ndjson")
    assert parse_part_name(str(name)) == name
    names = [PartName(KEY, first, first + 1, "csv") for first in (0, 9, 10, 100, 99_999)]
    assert sorted(names, key=str) == names
    for other in ("a.ndjson", "1-2-3-4-5.csv", f"{name}.tmp", f"x{name}"):
        assert parse_part_name(other) is None

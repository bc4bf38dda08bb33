"""The files that imports name, and the paths that they refuse."""

import os

import pytest

from eventer.core.errors import TemplateStaticError
from eventer.jsonnet.importer import (
    MAX_FILE_BYTES,
    FolderImporter,
    NoLibrary,
    StoredImporter,
    find_import,
)
from tests.families import family

FILES = StoredImporter({"a": b"1", "d/a": b"2", "d/e/b": b"3", "c.libsonnet": b"4"})


@family(
    ("written", "importing", "path"),
    [
        ("a", None, "a"),
        ("./a", None, "a"),
        ("d/../a", None, "a"),
        ("d//a", None, "d/a"),
        ("a", "d/x", "d/a"),
        ("../a", "d/x", "a"),
        ("../a", "d/e/x", "d/a"),
        ("../../a", "d/e/x", "a"),
        ("c.libsonnet", "d/e/x", "c.libsonnet"),
        ("e/b", "d/a", "d/e/b"),
    ],
)
def test_paths_are_relative_to_the_importing_file_then_to_the_library(written, importing, path):
    assert find_import(FILES, written, importing)[0] == path


@family(
    "written",
    [
        *("/etc/passwd", "../a", "d/../../a", "..", ".", "", " ", "a/", "d\\a", "C:\\a", "a\0b"),
        *("http://host/a", "https://host/a", "file:///a", "s3://a/b", "data:text,1", "c:/a"),
    ],
)
def test_foreign_paths_are_refused(written):
    with pytest.raises(TemplateStaticError):
        find_import(FILES, written, None)


def test_a_missing_file_is_named_with_all_places_looked_at():
    with pytest.raises(TemplateStaticError, match=r"the library has no file 'd/x' or 'x'"):
        find_import(FILES, "x", "d/a")


def test_without_a_library_the_setting_is_named():
    with pytest.raises(TemplateStaticError, match="there is no library folder") as caught:
        find_import(NoLibrary(), "a", None)
    assert "EVENTER_LIBRARY" in caught.value.hint


@pytest.fixture
def folder(tmp_path):
    library = tmp_path / "library"
    (library / "d").mkdir(parents=True)
    (library / "a").write_bytes(b"1")
    (library / "d" / "b").write_bytes(b"\xff\x00")
    (tmp_path / "secret").write_bytes(b"secret")
    return library


def test_a_folder_importer_reads_bytes(folder):
    importer = FolderImporter(folder)
    assert importer.read("a") == b"1"
    assert importer.read("d/b") == b"\xff\x00"
    assert importer.read("c") is None
    assert importer.read("a/b") is None


def test_a_relative_folder_does_not_depend_on_the_working_directory(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    importer = FolderImporter(folder.relative_to(folder.parent))
    monkeypatch.chdir("/")
    assert importer.read("a") == b"1"


def test_links_within_the_folder_are_followed(folder):
    (folder / "link").symlink_to("d")
    assert FolderImporter(folder).read("link/b") == b"\xff\x00"


def test_links_out_of_the_folder_are_refused(folder):
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "up").symlink_to("..")
    for path in ("link", "up/secret"):
        with pytest.raises(TemplateStaticError, match="is outside the library folder"):
            FolderImporter(folder).read(path)


def test_a_folder_with_the_same_prefix_is_outside(folder):
    beside = folder.with_name("library2")
    beside.mkdir()
    (beside / "x").write_bytes(b"1")
    (folder / "link").symlink_to(beside / "x")
    with pytest.raises(TemplateStaticError, match="outside the library"):
        FolderImporter(folder).read("link")


def test_folders_are_refused(folder):
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    for path in ("d", "pipe", "loop"):
        with pytest.raises(TemplateStaticError):
            FolderImporter(folder).read(path)


def test_large_files_are_refused(folder):
    (folder / "fits").write_bytes(b" " * MAX_FILE_BYTES)
    (folder / "large").write_bytes(b" " * (MAX_FILE_BYTES + 1))
    assert len(FolderImporter(folder).read("fits")) == MAX_FILE_BYTES
    with pytest.raises(TemplateStaticError, match="larger than"):
        FolderImporter(folder).read("large")

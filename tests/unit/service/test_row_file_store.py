"""The copies of files of rows in the data directory."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from eventer.core.errors import RegistryError, TemplateError
from eventer.functions.row_files import content_digest
from eventer.service.row_file_store import RowFileStore, row_file_folder
from eventer.settings import Settings

DATA = b"x\n1\n"


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "c.csv").write_bytes(DATA)
    return Settings(data_dir=tmp_path / "data", library=tmp_path / "library")


def test_a_copy_is_kept_under_its_digest(settings):
    store, digest = RowFileStore(settings), content_digest(DATA)
    store.keep("c.csv", digest)
    (settings.library / "c.csv").unlink()
    store.keep("c.csv", digest)
    assert [each.name for each in row_file_folder(settings).iterdir()] == [digest]
    assert (row_file_folder(settings) / digest).read_bytes() == DATA


@pytest.mark.parametrize("path", ["c.csv", "missing.csv", "../c.csv"])
def test_a_file_that_is_not_the_inspected_one_is_refused(settings, path):
    with pytest.raises(TemplateError, match="changed while the generator was added"):
        RowFileStore(settings).keep(path, content_digest(b"other"))
    with pytest.raises(TemplateError, match="changed while the generator was added"):
        RowFileStore(settings.model_copy(update={"library": None})).keep(path, "0")
    assert not row_file_folder(settings).exists()


def test_a_copy_that_cannot_be_written_is_an_error_with_its_place(settings):
    settings.data_dir.write_bytes(b"")
    with pytest.raises(RegistryError, match=r"'c.csv' cannot be copied to .*/data/rows: Not a dir"):
        RowFileStore(settings).keep("c.csv", content_digest(DATA))


def test_a_damaged_copy_is_replaced(settings):
    store, digest = RowFileStore(settings), content_digest(DATA)
    for damaged in (b"x\n2\n", b""):
        store.keep("c.csv", digest)
        (row_file_folder(settings) / digest).write_bytes(damaged)
    store.keep("c.csv", digest)
    assert (row_file_folder(settings) / digest).read_bytes() == DATA


def test_requests_at_once_copy_a_file_once(settings, monkeypatch):
    store, digest = RowFileStore(settings), content_digest(DATA)
    both, written = Barrier(2), []

    def write(copy, data, write=store._write):
        with suppress(BrokenBarrierError):
            both.wait(0.2)  # the other thread comes here, too, unless it waits for this one
        written.append(copy)
        write(copy, data)

    monkeypatch.setattr(store, "_write", write)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(store.keep, ["c.csv"] * 2, [digest] * 2))
    assert len(written) == 1


def test_unused_copies_are_removed(settings):
    store, digest = RowFileStore(settings), content_digest(DATA)
    store.remove_others([])
    store.keep("c.csv", digest)
    (row_file_folder(settings) / f"{digest}.1.new").touch()
    (row_file_folder(settings) / "backup").mkdir()
    store.remove_others([digest])
    assert {each.name for each in row_file_folder(settings).iterdir()} == {"backup", digest}

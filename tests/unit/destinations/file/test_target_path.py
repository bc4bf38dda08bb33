"""Paths of targets cannot leave the root."""

import pytest

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.destinations.file.inspection import inspect_root
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.file.target_path import make_folder, path_fault, target_folder
from eventer.destinations.inspection import TargetSize
from tests.families import family


@family("path", [".", "orders", "shop/orders", "a.b", "dt=2026-01-01/x_y-z", "x" * 128])
def test_valid_paths(path):
    assert path_fault(path) is None


UP, HIDDEN = ["..", "a/../b", "a/..", "./a"], ["_eventer", "a/_b", ".a"]
PART = f"a/1-0-{0:020d}-{5:020d}-{1:016x}.ndjson"
LONG = ["x" * 129, "/".join(["x" * 100] * 6)]


@family("path", ["", "/etc", *UP, *HIDDEN, *LONG, "a//b", "a/", "a b", "é", "a\n", "a\x00", PART])
def test_other_paths_are_refused(path):
    assert path_fault(path) is not None


def test_a_link_out_of_the_root_is_refused(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    root.mkdir()
    (root / "inside").mkdir()
    (root / "link").symlink_to(outside)
    (root / "alias").symlink_to(root / "inside")
    assert target_folder(root, "alias") == root / "alias"
    for path in ("link", "link/below", "link/new"):
        with pytest.raises(DestinationRejectedError, match="symbolic link"):
            target_folder(root, path)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "file").touch()
    for path in ("file", "file/below/it"):
        with pytest.raises(DestinationRejectedError, match="file in its place"):
            target_folder(tmp_path, path)
        with pytest.raises(DestinationRejectedError, match="file in its place"):
            make_folder(tmp_path / path)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    with pytest.raises(TargetUnavailableError, match="File name too long"):
        make_folder(tmp_path / ("x" * 300))


def test_one_target_that_is_not_a_folder_leaves_the_sizes_of_others(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.ndjson").write_text("{}\n")
    report = inspect_root(FileSettings(tmp_path), ["file", "a", "b"])
    assert report.sizes == {"a": TargetSize(bytes=3)}

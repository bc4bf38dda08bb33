"""Paths of targets cannot leave the root."""

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.file.target_path import path_fault, target_folder
from tests.families import family


@family("path", [".", "orders", "shop/orders", "a.b", "dt=2026-01-01/x_y-z", "x" * 128])
def test_valid_paths(path):
    assert path_fault(path) is None


UP, HIDDEN = ["..", "a/../b", "a/..", "./a"], ["_eventer", "a/_b", ".a"]
LONG = ["x" * 129, "/".join(["x" * 100] * 6)]


@family("path", ["", "/etc", *UP, *HIDDEN, *LONG, "a//b", "a/", "a b", "é", "a\n", "a\x00"])
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

"""Folders of targets: relative paths that cannot leave the root."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from eventer.core.errors import DestinationRejectedError

MAX_PATH_LENGTH: Final = 512
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,127}")
WHOLE_ROOT: Final = "."
"""The path of the root itself."""


def path_fault(path: str) -> str | None:
    """Why a text cannot be the path of a target; None if it can."""
    if path == WHOLE_ROOT:
        return None
    if path.startswith("/"):
        return "must be relative to the root of the connection"
    if len(path) > MAX_PATH_LENGTH:
        return f"must have at most {MAX_PATH_LENGTH} characters"
    if all(map(_NAME.fullmatch, path.split("/"))):
        return None
    return (
        "must consist of folder names of A-Z, a-z, 0-9 and . _ = -, separated by /; "
        "each name begins with a letter or a digit"
    )


def target_folder(root: Path, path: str) -> Path:
    """The folder of a target, which need not exist.

    Raises:
        DestinationRejectedError: the path is not valid, or a symbolic link leads out of the root.
    """
    if fault := path_fault(path):
        raise DestinationRejectedError(f"`path` {path!r} {fault}")
    folder = root / path
    if not folder.resolve().is_relative_to(root.resolve()):
        raise DestinationRejectedError(
            f"{folder} is a symbolic link to a folder outside of {root}",
            hint="remove the link, or set the root of a connection to the folder that it names",
        )
    return folder

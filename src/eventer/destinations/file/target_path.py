"""Folders of targets: relative paths that cannot leave the root."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.destinations.file.part_name import parse_part_name

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
    names = path.split("/")
    if any(map(parse_part_name, names)):
        return "must not have the name of a file that Eventer writes"
    if all(map(_NAME.fullmatch, names)):
        return None
    return (
        "must consist of folder names of A-Z, a-z, 0-9 and . _ = -, separated by /; "
        "each name begins with a letter or a digit"
    )


def target_folder(root: Path, path: str) -> Path:
    """The folder of a target, which need not exist.

    Raises:
        DestinationRejectedError: the path is not valid, a symbolic link leads out of the root, or a
            file is in its place.
        TargetUnavailableError: a folder above it cannot be read.
    """
    if fault := path_fault(path):
        raise DestinationRejectedError(f"`path` {path!r} {fault}")
    folder = root / path
    try:
        outside = not folder.resolve().is_relative_to(root.resolve())
        found = next(each for each in (folder, *folder.parents) if each.exists())
    except OSError as error:
        raise _unavailable(folder, error.strerror or str(error)) from error
    if outside:
        raise DestinationRejectedError(
            f"{folder} is a symbolic link to a folder outside of {root}",
            hint="remove the link, or set the root of a connection to the folder that it names",
        )
    if not found.is_dir():
        raise _not_a_folder(found)
    return folder


def make_folder(folder: Path) -> None:
    """Creates a folder for parts, if it does not exist.

    Raises:
        DestinationRejectedError: a file is in its place.
        TargetUnavailableError: it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _not_a_folder(folder) from error
    except OSError as error:
        raise _unavailable(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unavailable(folder, "permission denied")


def _not_a_folder(path: Path) -> DestinationRejectedError:
    return DestinationRejectedError(
        f"{path} cannot be a folder: there is a file in its place",
        hint="choose another `path`, or remove the file",
    )


def _unavailable(folder: Path, reason: str) -> TargetUnavailableError:
    return TargetUnavailableError(
        f"cannot write to the folder {folder}: {reason}",
        hint="check that Eventer may write to it, and its free space",
    )

"""Paths of endpoints: relative, so that they stay below the URL of their connection."""

from __future__ import annotations

import re
from typing import Final

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~=:@-]*")


def path_fault(path: str) -> str | None:
    """Why a text cannot be the path of a target; None if it can."""
    if not path or all(map(_SEGMENT.fullmatch, path.split("/"))):
        return None
    return (
        "must consist of names of A-Z, a-z, 0-9 and . _ ~ = : @ -, separated by /; "
        "no name begins with a dot"
    )

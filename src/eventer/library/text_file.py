"""Files with the text of a template or a schema."""

from __future__ import annotations

from pathlib import Path

from eventer.core.errors import RequestError


def read_text_file(file: str | Path) -> str:
    """The text of a file.

    Raises:
        RequestError: it cannot be read, or is not UTF-8.
    """
    try:
        return Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise RequestError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{file} is not UTF-8 (byte {error.start})") from error

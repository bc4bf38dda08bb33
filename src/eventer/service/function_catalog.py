"""The functions that templates may call, as JSON."""

from __future__ import annotations

from typing import Any


def functions_json(name: str | None = None) -> dict[str, Any]:
    """All functions, or one, as `FunctionsOut`. The first call reads their data.

    Raises:
        NotFoundError: there is no function of that name.
    """
    from eventer.functions.catalog import CATALOG

    if name is not None:
        CATALOG.get(name)
    specs: Any = CATALOG.describe()
    return {"functions": [spec for spec in specs if name in (None, spec["name"])]}

"""The functions that templates may call, as JSON."""

from __future__ import annotations

from typing import Any


def functions_json(name: str | None = None) -> dict[str, Any]:
    """All functions, or one, as `FunctionsOut`; `get_` may be omitted from its name.

    The first call reads their data.

    Raises:
        NotFoundError: there is no function of that name.
    """
    from eventer.functions.catalog import CATALOG

    if name is not None:
        short = CATALOG.find(f"get_{name}") if CATALOG.find(name) is None else None
        name = short.name if short else CATALOG.get(name).name
    specs: Any = CATALOG.describe()
    return {"functions": [spec for spec in specs if name in (None, spec["name"])]}

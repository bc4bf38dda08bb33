"""Modules import Numba before a part of it: see `numba_loading.numba`."""

import ast
from pathlib import Path

import eventer

SOURCES = Path(eventer.__file__).parent


def test_all_of_numba_is_imported_before_a_part_of_it() -> None:
    users = [path for path in SOURCES.rglob("*.py") if "from numba" in path.read_text()]
    assert users
    for path in users:
        whole = False
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                whole |= any(name.name == "numba" for name in node.names)
            elif isinstance(node, ast.Expr):
                whole |= ast.unparse(node.value) == "numba()"
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numba"):
                assert whole, path

"""Numba is imported by whichever threads come first, at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eventer

SOURCES = Path(eventer.__file__).parent
TOGETHER = """
import sys, threading, time
import numpy, eventer.kernels
from importlib import import_module

broken = []

def load(name, after):
    time.sleep(after)
    try:
        import_module(name)
    except BaseException as error:
        broken.append(f"{name}: {error!r}")

apart, names = float(sys.argv[1]), sys.argv[2:]
threads = [
    threading.Thread(target=load, args=(name, number * apart)) for number, name in enumerate(names)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert hasattr(import_module("numba"), "core")
assert not broken, broken
"""


@pytest.mark.parametrize("apart", ["0", "0.02", "0.1"])
def test_threads_may_import_kernels_at_the_same_time(apart: str) -> None:
    loops = [
        f"eventer.kernels.{name}"
        for name in ("draw.draw_loops", "kafka.record_loops", "draw.spell_loops")
    ]
    command = [sys.executable, "-c", TOGETHER, apart, "numba", *loops]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr


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

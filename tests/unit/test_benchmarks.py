"""Benchmarks are run by hand, so their imports are tested."""

from importlib import import_module
from pathlib import Path

import benchmarks


def test_benchmarks_can_be_imported():
    (folder,) = benchmarks.__path__
    for path in sorted(Path(folder).glob("*.py")):
        import_module(f"benchmarks.{path.stem}")

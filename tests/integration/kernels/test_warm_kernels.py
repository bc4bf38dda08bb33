"""`eventer warm` compiles all kernels; installs that are read-only and have no home find them."""

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import eventer.kernels
from eventer.kernels.support import cache_locator, warm_kernels
from eventer.kernels.support.cache_locator import KernelLocator
from eventer.kernels.support.compile_notice import CompileNotice
from tests.waiting import DEADLINE_S, wait_until

ONE_KERNEL = "support.digest_loops chain_each(u64*, u64*)"
WARM = f"""
from eventer.kernels.support import warm_kernels
warm_kernels.KERNEL_SIGNATURES = {ONE_KERNEL!r}
for _ in range(2):
    print(warm_kernels.warm_kernels(print))
"""
CALL = """
import numpy as np
from numba.core import event
from eventer.kernels.support import digest_loops, kernel_cache
COMPILED = []


class Listener(event.Listener):
    def on_start(self, activity):
        COMPILED.append(activity.data["dispatcher"].py_func.__name__)

    def on_end(self, activity):
        pass


event.register("numba:compile", Listener())
digest_loops.chain_each(*np.zeros((2, 3), np.uint64))
print(COMPILED, kernel_cache._COMPILE_CLIENT._process)
"""


def test_every_kernel_has_a_signature():
    found = set()
    for module in pkgutil.walk_packages(eventer.kernels.__path__, "eventer.kernels."):
        if not module.name.endswith("compile_server"):
            for name, value in vars(import_module(module.name)).items():
                if getattr(value, "is_kernel", False) and value.__module__ == module.name:
                    found.add(f"{module.name.removeprefix('eventer.kernels.')}.{name}")
    assert {name for name, *_ in warm_kernels.kernels()} == found


def run(code: str, cache: Path) -> str:
    """The output of a process without a home that has this folder for kernels."""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "EVENTER_CACHE_DIR": str(cache), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_kernels_of_a_read_only_folder_are_found_without_a_home(tmp_path, monkeypatch):
    name, first, second = run(WARM, tmp_path).splitlines()
    assert name == "support.digest_loops.chain_each"
    assert "compiled=1, cached=0" in first
    assert "compiled=0, cached=1" in second
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert len(kept) == 2

    # Tests run as root, to whom each folder is writable.
    read_only = "from eventer.kernels.support import cache_locator, kernel_cache\n"
    read_only += "cache_locator.is_writable = kernel_cache.is_writable = lambda _: False\n"
    assert run(read_only + CALL, tmp_path).strip() == "[] None"
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == kept


def kernel_like() -> None:
    """A function with the name of a kernel."""


@pytest.fixture
def no_folder_is_writable(monkeypatch):
    monkeypatch.setattr(cache_locator, "is_writable", lambda _: False)


@pytest.mark.usefixtures("no_folder_is_writable")
def test_a_read_only_folder_without_the_kernel_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("EVENTER_CACHE_DIR", str(tmp_path))
    source = str(tmp_path / "package" / "loops.py")
    assert KernelLocator.from_function(kernel_like, source) is None
    (tmp_path / "package" / f"loops.{kernel_like.__qualname__}-3.py311.nbi").touch()
    locator = KernelLocator.from_function(kernel_like, source)
    assert locator is not None
    assert locator.get_cache_path() == str(tmp_path / "package")


def test_a_long_compilation_is_announced_once(caplog):
    notice = CompileNotice(delay_s=0.01)
    with notice:
        wait_until(lambda: caplog.records, "no notice")
    with notice:
        assert notice._timer is None
    (record,) = caplog.records
    assert record.eventer_event == "kernels_compiling"
    assert "set EVENTER_CACHE_DIR" in record.getMessage()


def test_the_time_of_short_compilations_adds_up():
    notice = CompileNotice(delay_s=3600)
    for _ in range(2):
        before = notice._rest_s
        with notice, notice:
            assert notice._timer is not None
        assert notice._timer is None
        assert 0 < notice._rest_s < before

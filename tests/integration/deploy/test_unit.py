"""The unit for systemd starts under its own restrictions, by a systemd of the test."""

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
CGROUPS = Path("/sys/fs/cgroup/systemd")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not CGROUPS.is_dir() or not Path("/lib/systemd/systemd").exists(),
        reason="needs root, systemd and its hierarchy of control groups (version 1)",
    ),
]


@contextmanager
def control_group():
    group = CGROUPS / f"eventer-test-{secrets.token_hex(4)}"
    group.mkdir()
    try:
        yield group
    finally:
        for folder, _, _ in os.walk(group, topdown=False):
            wait_until(lambda folder=folder: not (Path(folder) / "cgroup.procs").read_text())
            Path(folder).rmdir()


@pytest.fixture
def report(tmp_path):
    """What `probe.sh` saw."""
    shutil.copy(HERE / "probe.sh", tmp_path)
    path = f"{ROOT / 'src'}:{sysconfig.get_path('purelib')}"
    unit, script = ROOT / "deploy" / "eventer.service", HERE / "start_unit.sh"
    with control_group() as group:
        process = subprocess.Popen(["bash", script, unit, sys.base_prefix, path, group, tmp_path])
        try:
            done = tmp_path / "done"
            wait_until(lambda: done.exists() or process.poll() is not None, "the unit hangs")
        finally:
            process.kill()
            process.wait()
    return (tmp_path / "report").read_text()


def test_the_unit_runs_under_its_restrictions_and_stops(report):
    lines = [line.replace("\t", " ") for line in report.splitlines()]
    assert {
        "CapEff: 0000000000000000",
        "CapBnd: 0000000000000000",
        "NoNewPrivs: 1",
        "Seccomp: 2",
        "user: eventer",
        "/var/lib/eventer 700",
    } <= set(lines), report
    assert "can write" not in report
    assert "can read" not in report
    assert '"events":[{"n":0},{"n":1}]' in report
    assert {"Result=success", "ExecMainStatus=0"} <= set(lines), report
    assert '"event": "service_stopping"' in report

"""The wheel can be built, contains every file, and works without the checkout."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "eventer"
CACHES = re.compile(r"/[.]|/__pycache__/|[.]nb[ic]$")


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command without this checkout's environment; returns standard output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTER_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, "HOME": str(cwd), "XDG_DATA_HOME": str(cwd / "data")},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the installed packages and without a network."""
    if find_spec("hatchling") is None and not os.environ.get("CI"):
        pytest.skip("hatchling, of the extra `test`, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel; it uses the dependencies that are installed here."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    options = ["--no-deps", "--no-index", "--quiet", "--no-compile"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    (packages,) = (folder / "venv" / "lib").glob("python3*/site-packages")
    # Adds the dependencies to the path, but not their .pth files: they may name this checkout.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("eventer/")}
    files = (path for path in PACKAGE.rglob("*") if path.is_file())
    expected = {f"eventer/{path.relative_to(PACKAGE).as_posix()}" for path in files}
    examples = (path for path in (ROOT / "examples").rglob("*") if path.is_file())
    expected |= {f"eventer/{path.relative_to(ROOT).as_posix()}" for path in examples}
    assert {name for name in expected if not CACHES.search(name)} == shipped
    for suffix in (".sql", ".txt", ".jsonnet", "py.typed"):
        assert any(name.endswith(suffix) for name in shipped), suffix


def test_the_wheel_has_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        text = archive.read(metadata).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert "Name: eventer-streams\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert "Provides-Extra: embedded\n" in text


def test_preview_runs_from_the_wheel(installed: Path) -> None:
    eventer = installed / "venv" / "bin" / "eventer"
    template = installed / "template.jsonnet"
    template.write_text(
        "local data = std.native('get_rand_data')();"
        "{ name: data.name, zone: data.timezone, agent: std.native('get_rand_user_agent')() }"
    )
    printed = run(eventer, "preview", template, "--count", "3", "--seed", "7", cwd=installed)
    assert [set(json.loads(line)) for line in printed.splitlines()] == [
        {"agent", "name", "zone"}
    ] * 3


def test_commands_and_data_files_are_found(installed: Path) -> None:
    """One process runs commands and reads SQL and templates: each process loads everything."""
    program = (
        "import asyncio, json, pathlib, sys\n"
        "import eventer\n"
        "from eventer.cli.main import app\n"
        "from eventer.cli.dev_environment import example\n"
        "from eventer.destinations.postgres.sql import statement\n"
        "from eventer.registry.sqlite import SqliteRegistry\n"
        "async def use():\n"
        "    async with await SqliteRegistry.open(pathlib.Path('r'), shards=2) as registry:\n"
        "        return registry.cluster.shards\n"
        "print(eventer.__file__)\n"
        "print(asyncio.run(use()), len(example('boo')) > 0, len(statement('make_positions')) > 0)\n"
        "for command in (['--version'], ['functions', '--json'], ['examples', '--json']):\n"
        "    try:\n"
        "        app(command)\n"
        "    except SystemExit as end:\n"
        "        assert not end.code, command\n"
        "    print(end='\\0', flush=True)\n"
    )
    printed = run(installed / "venv" / "bin" / "python", "-c", program, cwd=installed)
    first, functions, examples, _ = printed.split("\0")
    imported_from, found, version = first.splitlines()
    assert Path(imported_from).is_relative_to(installed)
    assert found.split() == ["2", "True", "True"]
    assert version.startswith("eventer ")
    names = {function["name"] for function in json.loads(functions)["functions"]}
    assert "get_rand_data" in names
    assert len(json.loads(examples)["examples"]) >= 50

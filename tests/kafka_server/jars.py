"""Downloads the broker's jars with Maven, once, into a cache outside of the checkout."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

KAFKA_VERSION = "4.1.0"
"""The version of the test broker; it is defined only here."""

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>eventer</groupId><artifactId>test-broker</artifactId><version>1</version>
<dependencies><dependency>
<groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version>
</dependency></dependencies></project>
"""
_COPY = ["mvn", "-q", "-B", "dependency:copy-dependencies"]
_FETCH_SECONDS = 600


def missing_tools() -> str | None:
    """The reason why Kafka cannot run here, or None."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if "mvn" in missing and _jars_directory().is_dir():
        missing.remove("mvn")
    return f"needs {' and '.join(missing)} on PATH to run Apache Kafka" if missing else None


def cache_directory() -> Path:
    """`EVENTER_TEST_CACHE`, else the user's cache directory."""
    override = os.environ.get("EVENTER_TEST_CACHE")
    if override:
        return Path(override)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "eventer-tests"


def class_path() -> str:
    """The class path of the broker; downloads the jars if they are missing."""
    return f"{cached(_jars_directory().name, _fetch)}/*"


def prepare_in_background(config: pytest.Config) -> None:
    """Fills an empty cache while the first process imports test modules, with an idle core.

    Tests that need the cache wait for it, and report errors.
    """
    if missing_tools() is None and not cache_directory().is_dir():
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-m", "tests.kafka_server.server"]
        process = subprocess.Popen(
            command, cwd=config.rootpath, stdin=quiet, stdout=quiet, stderr=quiet
        )
        config.add_cleanup(lambda: (process.terminate(), process.wait()))


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """A directory of the cache, created under another name and renamed when it is complete."""
    target = cache_directory() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent) as work:
                created = Path(work, "created")
                make(created)
                created.rename(target)
    return target


def _jars_directory() -> Path:
    return cache_directory() / f"kafka-{KAFKA_VERSION}"


def _fetch(jars: Path) -> None:
    pom = jars.with_name("pom.xml")
    pom.write_text(_POM.format(version=KAFKA_VERSION))
    subprocess.run(
        [*_COPY, "-f", pom, f"-DoutputDirectory={jars}"],
        check=True,
        timeout=_FETCH_SECONDS,
        stdin=subprocess.DEVNULL,
    )

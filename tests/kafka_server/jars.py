"""Where the broker's jars come from: Maven, once, into a cache outside the checkout."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.1.0"
"""The broker that tests run against; the only place that names it."""

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
    """What keeps a real Kafka from being run here, or None."""
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
    """The class path of the broker, fetched first where it is not there yet."""
    jars = _jars_directory()
    jars.parent.mkdir(parents=True, exist_ok=True)
    with (jars.parent / f"{jars.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _fetch(jars)
    return f"{jars}/*"


def _jars_directory() -> Path:
    return cache_directory() / f"kafka-{KAFKA_VERSION}"


def _fetch(jars: Path) -> None:
    """Copies into a directory beside, then renames: what is there is whole."""
    with tempfile.TemporaryDirectory(dir=jars.parent) as work:
        pom = Path(work, "pom.xml")
        pom.write_text(_POM.format(version=KAFKA_VERSION))
        copied = Path(work, "jars")
        subprocess.run(
            [*_COPY, "-f", pom, f"-DoutputDirectory={copied}"],
            check=True,
            timeout=_FETCH_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        copied.rename(jars)

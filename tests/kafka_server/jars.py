"""Where the broker's jars come from: Maven, once, into a cache outside the checkout."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
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
    return f"{cached(_jars_directory().name, _fetch)}/*"


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """A directory of the cache, made beside its place and then renamed: what is there is whole."""
    place = cache_directory() / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            with tempfile.TemporaryDirectory(dir=place.parent) as work:
                made = Path(work, "made")
                make(made)
                made.rename(place)
    return place


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

"""Apicurio Registry, whose application Maven downloads once; for the long forms of tests."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.kafka_server.jars import cached
from tests.ports import free_port
from tests.waiting import DEADLINE_S

VERSION = "3.0.9"
_NAME = f"apicurio-registry-app-{VERSION}"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
_JVM_OPTIONS = ("-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


@contextmanager
def running_apicurio() -> Iterator[str]:
    """The address of Confluent's API of a registry, which is stopped at the end."""
    folder, port = cached(_NAME, _fetch), free_port()
    options = ("-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}")
    command = ["java", *_JVM_OPTIONS, *options, "-jar", f"{_NAME}-runner.jar"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        _wait_until_ready(url, process)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + DEADLINE_S
    while True:
        assert process.poll() is None, "the registry ended"
        assert time.monotonic() < end, "the registry does not answer"
        try:
            if httpx.get(f"{url}/subjects", timeout=10).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)


def _fetch(folder: Path) -> None:
    folder.mkdir()
    copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={_ARTIFACT}"]
    subprocess.run([*copy, f"-DoutputDirectory={folder}"], check=True, stdin=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    subprocess.run(["tar", "xzf", archive, "-C", folder], check=True)
    archive.unlink()

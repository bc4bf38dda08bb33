"""Address, security and timeouts of a Kafka cluster."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from eventer.core.errors import DestinationRejectedError
from eventer.core.network_errors import network_error_text
from eventer.kernels.kafka.record_batches import Codec

DeliveryMode: TypeAlias = Literal["auto", "exactly-once", "at-least-once"]
SecurityProtocol: TypeAlias = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism: TypeAlias = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class SchemaRegistrySettings:
    """Address, login and trusted certificates of a registry."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: Path | None = None


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """All client settings of one cluster; times are seconds.

    After `transaction_timeout` the broker aborts the transaction of a crashed owner, which blocks
    readers until then; it is longer than `delivery_timeout`, after which a live owner gives up.
    `start_timeout` limits connecting, fencing and reading positions. `ledger_retention_hours`
    is the retention of the ledger's topic: how far back `verify` can look.
    """

    bootstrap_servers: str
    delivery: DeliveryMode = "auto"
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_key_password: str | None = field(default=None, repr=False)
    ssl_check_hostname: bool = True
    client_id: str = "eventer"
    compression: Codec = "lz4"
    ledger_retention_hours: float = 168.0
    transaction_timeout: float = 40.0
    delivery_timeout: float = 30.0
    request_timeout: float = 20.0
    start_timeout: float = 15.0
    schema_registry_url: str | None = None
    schema_registry_username: str | None = None
    schema_registry_password: str | None = field(default=None, repr=False)
    schema_registry_cafile: Path | None = None

    @property
    def schema_registry(self) -> SchemaRegistrySettings | None:
        """The schema registry, if the connection has one."""
        if self.schema_registry_url is None:
            return None
        return SchemaRegistrySettings(
            self.schema_registry_url,
            self.schema_registry_username,
            self.schema_registry_password,
            self.schema_registry_cafile,
        )

    def client_options(self) -> dict[str, Any]:
        """The arguments that every client of aiokafka takes.

        Raises:
            DestinationRejectedError: a certificate or key cannot be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": int(self.request_timeout * 1000),
        }
        if self.security_protocol in ("SSL", "SASL_SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username or ""
            options["sasl_plain_password"] = self.sasl_password or ""
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
            context.check_hostname = self.ssl_check_hostname
            if self.ssl_certfile is not None:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, self.ssl_key_password)
        except OSError as error:
            raise DestinationRejectedError(
                f"a certificate or key for {self.bootstrap_servers} cannot be read: "
                f"{_file_problem(error)}",
                hint="check ssl_cafile, ssl_certfile, ssl_keyfile and ssl_key_password",
            ) from error
        return context


def _file_problem(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "a file is not PEM, the password is wrong, or the key is not that of the certificate"
    return network_error_text(error) or "the system reports an error"

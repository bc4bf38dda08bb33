"""The settings of a connection to Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from eventer.core.addresses import check_brokers, check_registry_url
from eventer.destinations.connection_settings import ConnectionSettings, Number, Seconds


class KafkaConnectionSettings(ConnectionSettings):
    """A Kafka cluster."""

    bootstrap_servers: Annotated[str, AfterValidator(check_brokers)] | None = Field(
        default=None,
        description="Bootstrap brokers, `host:port`, comma-separated.",
        examples=["localhost:9092"],
    )
    delivery: Literal["auto", "exactly-once", "at-least-once"] = Field(
        default="auto",
        description="`auto` is exactly-once, or at-least-once if the broker rejects transactions.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Protocol of the broker connections."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="SASL mechanism, if the protocol uses SASL."
    )
    sasl_username: str | None = Field(default=None, description="User name for SASL.")
    sasl_password: SecretStr | None = Field(default=None, description="Password for SASL.")
    ssl_cafile: Path | None = Field(
        default=None, description="Trusted CA certificates (PEM). Default: those of the system."
    )
    ssl_certfile: Path | None = Field(default=None, description="Client certificate (PEM).")
    ssl_keyfile: Path | None = Field(default=None, description="Client private key (PEM).")
    ssl_key_password: SecretStr | None = Field(default=None, description="Password of that key.")
    ssl_check_hostname: bool = Field(
        default=True, description="Whether the broker's certificate must match its host name."
    )
    schema_registry_url: Annotated[str, AfterValidator(check_registry_url)] | None = Field(
        default=None,
        description="Schema registry with Confluent's API, which formats other than `json` need.",
        examples=["http://localhost:8081"],
    )
    schema_registry_username: str | None = Field(
        default=None, description="User name for the schema registry (basic authentication)."
    )
    schema_registry_password: SecretStr | None = Field(
        default=None, description="Password for the schema registry."
    )
    schema_registry_cafile: Path | None = Field(
        default=None,
        description="CA certificates (PEM) that are trusted for the schema registry. Default: "
        "those of the system.",
    )
    compression: Literal["none", "lz4"] = Field(
        default="lz4", description="Compression of record batches."
    )
    client_id: str = Field(default="eventer", description="Client id, for the brokers' logs.")
    start_timeout: Seconds = Field(
        default=15.0,
        description="Timeout to connect, to fence earlier owners and to read positions, in "
        "seconds.",
    )
    ledger_retention_hours: Number = Field(
        default=168.0,
        gt=0,
        le=1_000_000,
        description="Retention of the topic `eventer-ledger`, set when Eventer creates it: how far "
        "back `eventer verify` can check.",
    )

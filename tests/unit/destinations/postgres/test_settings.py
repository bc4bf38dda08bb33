"""The settings of a connection show no secrets."""

from eventer.destinations.postgres.settings import PostgresSettings

DSN = "postgresql://me:hidden@db.example:5433/events?sslmode=require&channel_binding=require"


def test_parameters_of_libpq_alone_are_removed() -> None:
    settings = PostgresSettings(DSN + "&connect_timeout=3&application_name=mine")
    assert settings.client_dsn == (
        "postgresql://me:hidden@db.example:5433/events?sslmode=require&application_name=mine"
    )


def test_no_text_contains_secrets() -> None:
    settings = PostgresSettings(DSN, password="hidden too")
    assert settings.address == "db.example:5433/events"
    assert "hidden" not in repr(settings)
    assert PostgresSettings("postgresql:///events").address == "localhost/events"

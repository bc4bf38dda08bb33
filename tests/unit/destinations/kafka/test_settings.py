"""Connection settings: what reaches the client, and what never reaches a log."""

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.kafka.settings import KafkaSettings


def test_secrets_are_not_shown():
    settings = KafkaSettings("b:1", sasl_password="hush", ssl_key_password="silence")
    assert "hush" not in repr(settings)
    assert "silence" not in repr(settings)


def test_plain_text_needs_nothing_but_the_address():
    assert KafkaSettings("b:1").client_options() == {
        "bootstrap_servers": "b:1",
        "client_id": "eventer",
        "security_protocol": "PLAINTEXT",
        "request_timeout_ms": 20000,
    }


def test_a_login_is_passed_on():
    options = KafkaSettings(
        "b:1",
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="u",
        sasl_password="p",
    ).client_options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("u", "p")


def test_tls_verifies_unless_it_is_switched_off():
    checked = KafkaSettings("b:1", security_protocol="SSL").client_options()["ssl_context"]
    assert checked.check_hostname
    loose = KafkaSettings("b:1", security_protocol="SSL", ssl_check_hostname=False)
    context = loose.client_options()["ssl_context"]
    assert not context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"


def test_an_unreadable_key_is_a_refusal(tmp_path):
    path = tmp_path / "cert.pem"
    path.write_text("no certificate")
    with pytest.raises(DestinationRejectedError, match="cannot be read"):
        KafkaSettings("b:1", security_protocol="SSL", ssl_certfile=path).client_options()


def test_an_owner_gives_up_before_the_broker_does():
    settings = KafkaSettings("b:1")
    assert settings.request_timeout < settings.delivery_timeout < settings.transaction_timeout

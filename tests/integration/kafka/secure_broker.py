"""A broker that requires TLS or a login, with users of different rights."""

import subprocess
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.integration.kafka.harness import KafkaHarness
from tests.kafka_server.server import KafkaServer
from tests.waiting import wait_until

PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
STORE_PASSWORD = "changeit"


def make_certificate(directory: Path) -> None:
    """A key store for the broker."""
    store = ["-keystore", directory / "broker.p12", "-storepass", STORE_PASSWORD]
    make = ["-genkeypair", "-keyalg", "RSA", "-dname", "CN=localhost", "-ext", "SAN=IP:127.0.0.1"]
    command = ["keytool", *make, *store, "-alias", "broker"]
    subprocess.run(command, check=True, capture_output=True)


def start(directory, session):
    make_certificate(directory)
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Users without a login: the broker itself, and the tests on the PLAINTEXT listener.
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": (
            f'{PLAIN_LOGIN} user_rich="gold" user_poor="tin";'
        ),
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": SCRAM_LOGIN,
        "ssl.keystore.location": str(directory / "broker.p12"),
        "ssl.keystore.password": STORE_PASSWORD,
    }
    protocols = ("PLAINTEXT", "SASL_PLAINTEXT", "SSL")
    server = KafkaServer(directory / "server", properties, protocols)
    server.start(session)
    grant_all(server.bootstrap)
    addresses = {protocol: server.address(protocol) for protocol in protocols}
    return {"bootstrap": server.bootstrap, "addresses": addresses} | server.release()


def grant_all(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    everything = ("*", ResourcePatternType.LITERAL, AclOperation.ALL)
    ours = ("eventer-", ResourcePatternType.PREFIXED, AclOperation.ALL)
    rules = [acl(user, ResourceType.TOPIC, *everything) for user in ("rich", "poor", "scrammed")]
    rules += [acl(user, ResourceType.TRANSACTIONAL_ID, *ours) for user in ("rich", "scrammed")]
    closed = ("closed.", ResourcePatternType.PREFIXED, AclOperation.WRITE)
    rules.append(acl("rich", ResourceType.TOPIC, *closed, deny=True))
    hidden = ("hidden.", ResourcePatternType.PREFIXED, AclOperation.ALL)
    rules.append(acl("rich", ResourceType.TOPIC, *hidden, deny=True))
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    upsert = UserScramCredentialUpsertion("scrammed", scram, b"eggs")
    for done in admin.alter_user_scram_credentials([upsert]).values():
        done.result()
    for done in admin.create_acls(rules).values():
        done.result()
    # The broker applies changes in their order, after the controller has answered.
    wait_until(lambda: len(admin.describe_acls(ANY_ACL).result()) == len(rules))


ANY_ACL = AclBindingFilter(
    ResourceType.ANY,
    None,
    ResourcePatternType.ANY,
    None,
    None,
    AclOperation.ANY,
    AclPermissionType.ANY,
)


def acl(user, kind, name, pattern, operation, *, deny=False):
    permission = AclPermissionType.DENY if deny else AclPermissionType.ALLOW
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, permission)


def harness_of(server, user, password, **settings):
    return KafkaHarness(
        server.address("SASL_PLAINTEXT"),
        security_protocol="SASL_PLAINTEXT",
        sasl_username=user,
        sasl_password=password,
        **settings,
    )

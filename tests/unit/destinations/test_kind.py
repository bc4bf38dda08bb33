"""Kinds of destinations: their specifications agree with requests, the registry and each other."""

import json
from importlib.metadata import EntryPoint

import pytest

from eventer.api.wire.responses import target_json
from eventer.api.wire.targets import TargetBody
from eventer.core import destination_kinds
from eventer.core.errors import ConfigError
from eventer.core.model import FileTarget, KafkaTarget, PostgresTarget
from eventer.destinations.http.target import HttpTarget
from eventer.destinations.kind import DestinationKind, destination_kind
from eventer.registry.codec import read_target, target_text
from eventer.service.identity import _target_identity
from eventer.settings.model import CONNECTION_TYPES, Settings
from tests.families import family

TARGETS = [
    KafkaTarget("json", key="json"),
    KafkaTarget("t", "c", "k", "p", "ts", (("a", "b"),), 3, 2, (("x", "y"),), "v", ("o",), "op"),
    KafkaTarget("t", key="k", format="avro", key_format="json-schema"),
    KafkaTarget("t", key="k", format="avro", schema='"long"', key_format="avro"),
    KafkaTarget("t", key="k", format="avro", key_format="avro", key_schema=("s", 3)),
    PostgresTarget("t"),
    PostgresTarget('"a.b"', "c", ("x", "y"), "v", ("o",), "op"),
    FileTarget("a/b"),
    FileTarget("a", "c", "parquet", ("x", "dt={date}"), "v", ("o",)),
    HttpTarget(),
    HttpTarget("a/b", "c", "json", "v", ("o",)),
]


@family("target", TARGETS)
def test_a_target_survives_the_registry_and_a_request(target):
    assert read_target(target_text(target)) == target
    body = TargetBody.model_validate(target_json(target))
    assert body.target() == target
    shown = json.loads(json.dumps(target_json(target)))
    assert body.model_dump(mode="json", exclude_unset=True) == shown


@family("target", TARGETS)
def test_equal_identities_are_equal_targets(target):
    same = [each for each in TARGETS if _target_identity(each) == _target_identity(target)]
    assert same == [target]


def test_the_spelling_of_a_given_schema_does_not_count():
    spellings = ('{"type":"map","values":"int"}', '{ "values": "int", "type": "map" }')
    first, second = (KafkaTarget("t", format="avro", schema=each) for each in spellings)
    assert _target_identity(first) == _target_identity(second)


def test_every_kind_is_complete():
    for name in destination_kinds.BUILT_IN:
        kind = destination_kind(name)
        assert kind.name == kind.target_type.kind == name
        assert kind.address_setting in kind.connection_settings().model_fields
        assert kind.address_setting in CONNECTION_TYPES[name].model_fields
        assert name in Settings.model_fields
        assert name in TargetBody.model_fields


@pytest.fixture
def install(monkeypatch):
    """Lets a package bring a kind, by the reference of its entry point."""

    def install(name: str, value: str) -> None:
        entry = EntryPoint(name, value, destination_kinds.GROUP)
        monkeypatch.setattr(destination_kinds, "entry_points", lambda group: [entry])
        _forget()

    yield install
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for cached in (
        destination_kinds._installed,
        destination_kinds.kind_names,
        destination_kinds.load_kind,
        destination_kind,
    ):
        cached.cache_clear()


class OtherKind(DestinationKind):
    name = "other"
    target_type = HttpTarget
    address_setting = "url"

    def target_options(self):
        raise NotImplementedError

    def connection_settings(self):
        raise NotImplementedError

    def configure(self, settings, context):
        raise NotImplementedError


def test_a_package_brings_a_kind(install):
    install("other", f"{__name__}:OtherKind")
    assert destination_kinds.kind_names() == (*destination_kinds.BUILT_IN, "other")
    assert isinstance(destination_kind("other"), OtherKind)
    assert read_target('{"kind":"other","path":"p","omit":["a"]}') == HttpTarget("p", omit=("a",))


def test_a_package_does_not_replace_a_kind(install):
    install("kafka", f"{__name__}:OtherKind")
    assert destination_kinds.kind_names() == tuple(destination_kinds.BUILT_IN)
    assert destination_kind("kafka").target_type is KafkaTarget


@family(
    ("value", "message"),
    [
        ("nowhere.at_all:Kind", "'broken' of the package .* cannot be loaded"),
        (f"{__name__}:absent", "cannot be loaded"),
        (f"{__name__}:TARGETS", "is not a `DestinationKind` with this name"),
        (f"{__name__}:OtherKind", "is not a `DestinationKind` with this name"),
    ],
)
def test_a_broken_package_is_named(install, value, message):
    install("broken", value)
    with pytest.raises(ConfigError, match=message):
        destination_kind("broken")


def test_a_generator_of_a_removed_package_is_an_error_that_says_so():
    with pytest.raises(ConfigError, match="no destination of type 'gone'") as caught:
        read_target('{"kind":"gone","table":"t"}')
    assert "install the package" in caught.value.hint

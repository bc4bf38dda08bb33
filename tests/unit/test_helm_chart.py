"""The Helm chart: its values fit their schema, and Helm renders what Kubernetes accepts."""

import re
import shutil
import subprocess
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from eventer import __version__
from eventer.settings import load_settings

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "eventer"
KUBERNETES = "1.30.0"
NECESSARY = {
    "image": {"repository": "registry.example.org/eventer"},
    "secrets": {"EVENTER_TOKEN": {"name": "eventer", "key": "token"}},
}
ALL = NECESSARY | {
    "imagePullSecrets": ["pull"],
    "config": '[kafka]\nbootstrap_servers = "broker:9092"\n',
    "secrets": {
        "EVENTER_TOKEN": {"name": "eventer", "key": "token"},
        "EVENTER_READ_TOKEN": {"name": "eventer", "key": "read-token"},
    },
    "environment": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"},
    "allowedHosts": ["eventer.example.org"],
    "extraVolumes": [{"name": "library", "configMap": {"name": "library"}}],
    "extraVolumeMounts": [{"name": "library", "mountPath": "/etc/eventer-library"}],
    "persistence": {"storageClass": "fast"},
    "serviceAccount": {"annotations": {"a": "b"}},
    "podDisruptionBudget": {"enabled": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {
        "enabled": True,
        "from": [{"podSelector": {"matchLabels": {"team": "data"}}}],
    },
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "data"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}


def merged(values, others):
    """Values as Helm merges them."""
    both = dict(values)
    for key, value in others.items():
        old = values.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) else value
    return both


@pytest.fixture
def defaults():
    return yaml.safe_load((CHART / "values.yaml").read_text())


@pytest.fixture
def validator():
    return jsonschema_rs.validator_for((CHART / "values.schema.json").read_text())


def test_the_defaults_and_all_values_fit_the_schema(defaults, validator):
    for values in (NECESSARY, ALL):
        validator.validate(merged(defaults, values))
    assert ALL.keys() < defaults.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": {"repository": ""}},
        {"secrets": {"EVENTER_TOKEN": {"name": "", "key": "token"}}},
        {"secrets": {"token": {"name": "eventer", "key": "token"}}},
        {"replicas": 0},
        {"replicas": 2},  # without EVENTER_REGISTRY
        {"service": {"prot": 80}},
    ],
)
def test_missing_and_misspelt_values_are_rejected(defaults, validator, wrong):
    assert not validator.is_valid(merged(merged(defaults, NECESSARY), wrong))


def test_each_default_has_a_place_in_a_template(defaults):
    text = "".join(path.read_text() for path in (CHART / "templates").iterdir())
    used = set(re.findall(r"\.Values\.(\w+)", text))
    assert used >= defaults.keys()


def test_the_pod_has_valid_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (CHART / "templates" / "statefulset.yaml").read_text()
    environ = dict(re.findall(r"- name: (EVENTER_\w+)\n +value: \"?(.*?)\"?\n", text))
    del environ["EVENTER_CONFIG"]
    environ["EVENTER_ALLOWED_HOSTS"] = "eventer"
    loaded = load_settings(environ=environ)
    assert loaded.warnings == ()
    assert loaded.settings.host == "0.0.0.0"
    assert f"containerPort: {loaded.settings.port}\n" in text
    assert f"mountPath: {loaded.settings.data_dir}\n" in text


def test_the_chart_installs_this_version():
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__


def helm(*arguments):
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("helm") is None, reason="needs helm")
@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (NECESSARY, {"ConfigMap", "Service", "ServiceAccount", "StatefulSet"}),
        (
            ALL,
            {
                "ConfigMap",
                "NetworkPolicy",
                "PodDisruptionBudget",
                "Service",
                "ServiceAccount",
                "ServiceMonitor",
                "StatefulSet",
            },
        ),
    ],
)
def test_helm_renders_objects_that_kubernetes_accepts(tmp_path, values, kinds):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    helm("lint", "--strict", str(CHART), "--values", str(file))
    of_release = ["--namespace", "data", "--kube-version", KUBERNETES, "--values", str(file)]
    rendered = helm("template", "test", str(CHART), *of_release)
    objects = [each for each in yaml.safe_load_all(rendered) if each]
    assert {each["kind"] for each in objects} == kinds
    for each in objects:
        if each["kind"] != "ServiceMonitor":  # Kubernetes itself does not know it
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    (config,) = (each for each in objects if each["kind"] == "ConfigMap")
    if "config" in values:
        assert config["data"]["eventer.toml"] == values["config"]

